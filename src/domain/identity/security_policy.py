"""What the school asks of its people's accounts, as versioned data. (ID-10)"""

from collections.abc import Collection
from typing import Final

import msgspec

from domain.booking.policy import PolicyRow
from domain.identity.permission import GRANTS, Audience, Role

SECURITY_POLICY: Final = "security"
"""The kind under which these rules are stored."""


class SecurityPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """``second_factor_roles``: whoever holds one of them signs in with a second factor, or sets one up first."""

    second_factor_roles: tuple[Role, ...] = ()

    def asks(self, roles: Collection[Role], audience: Audience) -> bool:
        """Counts every role that may be taken up behind that door, not only the one acted in."""
        return any(role in self.second_factor_roles for role in roles if role in GRANTS[audience])


def read_security(row: PolicyRow | None) -> SecurityPolicy:
    return SecurityPolicy() if row is None else msgspec.json.decode(row.body, type=SecurityPolicy)
