"""What the customer asks for: the refund API first, then features without end, drawn by seed."""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

REPOSITORY = "acme/payments-api"


class Case(NamedTuple):
    """A test that fails until the feature is there: its failing line and what pytest says to it."""

    name: str
    code: str
    message: str


class Feature(NamedTuple):
    title: str
    slug: str
    wish: str
    """The customer's own words."""
    module: str
    test_file: str
    cases: tuple[Case, ...]
    question: str
    """What the coder must ask a person for."""
    remark: str
    """What the code reviewer finds."""

    @property
    def branch(self) -> str:
        return f"feature/{self.slug}"


REFUNDS = Feature(
    title="Refund API",
    slug="refunds",
    wish="We need refunds: full and partial, never paid out twice. Finance closes on Friday.",
    module="payments/refunds.py",
    test_file="tests/test_refunds.py",
    cases=(
        Case(
            "test_full_refund_settles_the_payment",
            "refund = client.post(f'/payments/{payment.id}/refunds').json()",
            "KeyError: 'refundId'",
        ),
        Case(
            "test_partial_refund_leaves_the_rest",
            "assert payment.remaining == Money(600, 'EUR')",
            "AssertionError: assert Money(1000, 'EUR') == Money(600, 'EUR')",
        ),
        Case(
            "test_refund_over_the_amount_is_refused",
            "assert response.status_code == 422",
            "AssertionError: assert 404 == 422",
        ),
        Case(
            "test_same_idempotency_key_refunds_once",
            "assert ledger.count(kind='refund') == 1",
            "AssertionError: assert 2 == 1",
        ),
        Case(
            "test_refund_of_unknown_payment_is_404",
            "assert response.json()['code'] == 'payment_not_found'",
            "KeyError: 'code'",
        ),
        Case(
            "test_refund_keeps_the_currency",
            "assert refund.amount.currency == 'JPY'",
            "AssertionError: assert 'EUR' == 'JPY'",
        ),
        Case(
            "test_concurrent_refunds_never_exceed_the_payment",
            "assert sum(r.amount for r in refunds) <= payment.amount",
            "AssertionError: assert 1200 <= 1000",
        ),
        Case(
            "test_refund_writes_a_ledger_entry",
            "entry = ledger.last(payment.id)",
            "LookupError: no ledger entry for pay_7Hq2",
        ),
    ),
    question="Bash: alembic upgrade head",
    remark="payments/refunds.py:88 locks the payment after reading its balance, not before",
)


class _Ability(NamedTuple):
    """A kind of feature that any subject can have; texts hold `{one}` and `{many}`."""

    title: str
    slug: str
    wish: str
    cases: tuple[Case, ...]
    question: str
    remark: str

    def of(self, one: str, many: str) -> Feature:
        def say(text: str) -> str:
            return text.replace("{one}", one).replace("{many}", many)

        return Feature(
            title=say(self.title),
            slug=f"{many}-{self.slug}",
            wish=say(self.wish),
            module=f"payments/{many}/{self.slug}.py",
            test_file=f"tests/test_{many}_{self.slug}.py",
            cases=tuple(Case(say(c.name), say(c.code), say(c.message)) for c in self.cases),
            question=say(self.question),
            remark=say(self.remark),
        )


_SUBJECTS = (
    ("dispute", "disputes"),
    ("invoice", "invoices"),
    ("mandate", "mandates"),
    ("merchant", "merchants"),
    ("payout", "payouts"),
    ("settlement", "settlements"),
    ("transfer", "transfers"),
    ("voucher", "vouchers"),
)
_ABILITIES = (
    _Ability(
        "CSV export of {many}",
        "export",
        "Accounting wants all {many} of a month as CSV, without paging through the API.",
        (
            Case("test_export_has_a_header", "assert rows[0][0] == 'id'", "IndexError: list index"),
            Case("test_export_quotes_commas", "assert len(row) == 6", "AssertionError: 7 == 6"),
            Case(
                "test_export_streams_large_months",
                "assert peak_memory() < 64 * MB",
                "AssertionError: assert 412.6 < 64.0",
            ),
            Case(
                "test_export_of_an_empty_month_is_empty",
                "assert rows == [HEADER]",
                "FileNotFoundError: {many}-2025-06.csv",
            ),
        ),
        "Bash: aws s3 cp exports/ s3://acme-{many}/ --recursive",
        "the export loads every {one} into memory before the first row is written",
    ),
    _Ability(
        "Search in {many}",
        "search",
        "Support needs to find a {one} by amount, date or e-mail in a second, not in a minute.",
        (
            Case("test_search_by_amount", "assert found == [{one}]", "AssertionError: [] == [1]"),
            Case("test_search_ignores_case", "assert len(found) == 2", "AssertionError: 1 == 2"),
            Case(
                "test_search_pages_are_stable",
                "assert first.isdisjoint(second)",
                "AssertionError: both pages hold {one} 118",
            ),
            Case(
                "test_search_refuses_wildcards_only",
                "assert response.status_code == 400",
                "AssertionError: assert 200 == 400",
            ),
            Case(
                "test_search_uses_the_index",
                "assert 'Index Scan' in plan",
                "AssertionError: 'Seq Scan on {many}'",
            ),
        ),
        "Bash: psql -c 'CREATE INDEX CONCURRENTLY {many}_amount_idx'",
        "the search text goes into the query by f-string: bind it instead",
    ),
    _Ability(
        "Webhook retries for {many}",
        "webhooks",
        "Our partners lose {one} updates whenever they deploy. Please try again, for a day.",
        (
            Case("test_a_500_is_tried_again", "assert len(calls) == 2", "AssertionError: 1 == 2"),
            Case(
                "test_retries_back_off",
                "assert delays == sorted(delays)",
                "AssertionError: [1.0, 1.0, 1.0] is not rising",
            ),
            Case(
                "test_a_410_ends_the_retries",
                "assert hook.state == 'gone'",
                "AssertionError: assert 'active' == 'gone'",
            ),
            Case(
                "test_signature_covers_the_body",
                "assert verify(secret, body, signature)",
                "ValueError: signature mismatch for {one}.updated",
            ),
        ),
        "WebFetch: https://partner.example/hooks/{many}",
        "a retry after 24 hours is dropped without a log line; support will ask for it",
    ),
    _Ability(
        "Rate limits for {many}",
        "limits",
        "One customer's script took the {many} down for everyone. Limit each key, please.",
        (
            Case(
                "test_the_101st_call_is_refused",
                "assert response.status_code == 429",
                "AssertionError: assert 200 == 429",
            ),
            Case(
                "test_refusal_says_when_to_return",
                "assert response.headers['Retry-After'] == '60'",
                "KeyError: 'retry-after'",
            ),
            Case(
                "test_keys_do_not_share_a_bucket",
                "assert other.status_code == 200",
                "AssertionError: assert 429 == 200",
            ),
            Case("test_bucket_refills", "assert bucket.level == 100", "AssertionError: 0 == 100"),
        ),
        "Edit: deploy/redis.conf",
        "the bucket's clock is the web server's; two servers would count {many} twice",
    ),
    _Ability(
        "Audit trail for {many}",
        "audit",
        "The auditors ask who changed a {one}, when, and what it was before.",
        (
            Case(
                "test_a_change_names_its_author",
                "assert entry.author == 'dana'",
                "AttributeError: 'Entry' object has no attribute 'author'",
            ),
            Case(
                "test_the_old_value_is_kept",
                "assert entry.before == {'state': 'open'}",
                "AssertionError: assert None == {'state': 'open'}",
            ),
            Case(
                "test_entries_cannot_be_edited",
                "with pytest.raises(PermissionError):",
                "Failed: DID NOT RAISE <class 'PermissionError'>",
            ),
            Case(
                "test_secrets_are_masked",
                "assert '4242' not in entry.text",
                "AssertionError: '4242' is contained in entry.text",
            ),
            Case(
                "test_trail_survives_deletion",
                "assert trail.of({one}.id)",
                "LookupError: no trail for {one} 31",
            ),
        ),
        "Bash: alembic upgrade head",
        "the trail is written after the commit: a crash between the two loses an entry",
    ),
    _Ability(
        "Idempotent {many}",
        "idempotency",
        "A double click must never make two {many}. It did, twice, last week.",
        (
            Case("test_same_key_same_{one}", "assert a.id == b.id", "AssertionError: 118 == 119"),
            Case(
                "test_same_key_other_body_is_refused",
                "assert response.status_code == 409",
                "AssertionError: assert 201 == 409",
            ),
            Case(
                "test_keys_expire_after_a_day",
                "assert store.get(key) is None",
                "AssertionError: <Stored 201> is None",
            ),
            Case(
                "test_parallel_calls_make_one_{one}",
                "assert {one}_count() == 1",
                "AssertionError: assert 2 == 1",
            ),
        ),
        "Bash: redis-cli --scan --pattern 'idem:{many}:*' | xargs redis-cli del",
        "the key is stored after the {one} is made; two calls can pass in between",
    ),
)


def further_features(rng: Random) -> Iterator[Feature]:
    """Features without end: every combination once, in a drawn order, then anew."""
    while True:
        drawn = [ability.of(*subject) for subject in _SUBJECTS for ability in _ABILITIES]
        rng.shuffle(drawn)
        yield from drawn
