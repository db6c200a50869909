"""Which addresses are offered to be opened: what is shown is what is opened, and it is harmless."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.details.address import address_of, link, web_address
from tui.screens.browser import AddressScreen


@pytest.mark.parametrize(
    ("written", "opened"),
    [
        ("https://github.com/o/r/pull/7", "https://github.com/o/r/pull/7"),
        ("http://localhost:8080/x?a=1&b=[2]#c", "http://localhost:8080/x?a=1&b=%5B2%5D#c"),
        ("HTTPS://GitHub.COM/O", "https://github.com/O"),
        ("https://[::1]:80/", "https://[::1]:80/"),
        ("https://example.org/a%20b", "https://example.org/a%20b"),
        ("https://example.org/日本", "https://example.org/%E6%97%A5%E6%9C%AC"),
        ("https://www.аррӏе.com/", "https://www.xn--80ak6aa92e.com/"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("https://example.org/\"><script>'", "https://example.org/%22%3E%3Cscript%3E'"),
        ("https://example.org/$(reboot);`x`|y", "https://example.org/$(reboot);%60x%60%7Cy"),
    ],
)
def test_a_web_address_is_shown_in_ascii(written: str, opened: str) -> None:
    assert web_address(written) == opened


@pytest.mark.parametrize(
    "written",
    [
        "",
        "javascript:alert(1)",
        "JaVaScRiPt://example.org/%0aalert(1)",
        "file:///etc/passwd",
        "ftp://example.org/",
        "data:text/html,<script>",
        "vscode://file/etc/passwd",
        "ssh://-oProxyCommand=x/",
        "--help",
        "https:",
        "https://",
        "https:///path",
        "//example.org/",
        "example.org",
        "https://user@example.org/",
        "https://user:secret@example.org/",
        "https://good.example@evil.example/",
        "https://good.example\\@evil.example/",
        "https://example.org\\evil",
        "https://exa mple.org/",
        "https://example.org/a b",
        "https://example.org/\n",
        "https://example.org/\tx",
        "https://example.org/\x1b[2J",
        "https://example.org/\x00",
        "https://example.org/\u202egpj.exe",
        "https://exa\u200bmple.org/",
        "https://example.org:99999/",
        "https://example.org:x/",
        "https://a..b/",
        f"https://{'a' * 64}.org/",
        "https://[::1",
        "https://[zz]/",
        "https://<b>/",
        "https://%00/",
        "https://\ud800/",
        "https://example.org/" + "x" * 2_048,
        "https://example.org/" + "日" * 1_000,
    ],
)
def test_anything_else_is_not_offered(written: str) -> None:
    assert web_address(written) == ""


@given(st.one_of(st.text(max_size=60), st.text(max_size=60).map(lambda text: f"https://{text}")))
def test_whatever_is_written_an_address_is_a_harmless_one(written: str) -> None:
    address = web_address(written)
    if address:
        assert address.isascii()
        assert address.isprintable()
        assert " " not in address
        parts = urlsplit(address)
        assert parts.scheme in ("http", "https")
        assert parts.hostname
        assert parts.username is parts.password is None
        assert web_address(address) == address, "opened as it is shown"


def test_only_a_line_with_an_address_offers_one() -> None:
    assert address_of(link("see", "https://example.org")) == "https://example.org"
    assert address_of(link("see", "javascript:alert(1)")) == ""
    assert address_of(link("see", "")) == ""
    assert address_of((("https://example.org", "text"),)) == ""


@pytest.mark.parametrize("written", ["javascript:alert(1)", "file:///etc/passwd", "https://a@b/"])
def test_an_address_is_checked_again_where_it_is_opened(written: str) -> None:
    assert address_of(((written, "link"),)) == ""
    with pytest.raises(ValueError, match="not an http"):
        AddressScreen(written)
