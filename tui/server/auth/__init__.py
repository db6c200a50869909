"""Who may come in, and what they may read and publish there.

A token comes with the request (`doorkeeper`) or in band (`auth_request`). What kind of token an
`auth_request` says it has makes no difference: a right one is right.
"""

from tui.server.auth.access import EVERYTHING, ROLES, Access
from tui.server.auth.authority import ApiKey, Authorities, Authority
from tui.server.auth.doorkeeper import COOKIE, Doorkeeper, Header, Refusal

__all__ = [
    "COOKIE",
    "EVERYTHING",
    "ROLES",
    "Access",
    "ApiKey",
    "Authorities",
    "Authority",
    "Doorkeeper",
    "Header",
    "Refusal",
]
