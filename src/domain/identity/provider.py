"""Who somebody is at another provider, Google for one. (ID-02)"""

from datetime import datetime

import msgspec

from domain.errors import Conflict, DomainError
from domain.ids import UserId


class BadState(DomainError):
    """The answer of a provider does not belong to what this browser began here."""

    code = "bad_state"


class ProviderRefused(DomainError):
    """The provider, or the person there, said no."""

    code = "provider_refused"


class AddressNotProven(Conflict):
    """There is an account with this address, and the provider does not vouch for the address."""

    code = "address_not_proven"


class LinkedElsewhere(Conflict):
    code = "identity_linked_elsewhere"


class ProviderProfile(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider says of somebody. ``subject`` never changes there, the rest may."""

    provider: str
    subject: str
    email: str
    email_verified: bool
    name: str


class LinkedIdentity(msgspec.Struct, frozen=True, kw_only=True):
    provider: str
    subject: str
    user_id: UserId
    email: str
    linked_at: datetime
