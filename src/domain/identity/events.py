"""What happens to accounts."""

from datetime import datetime
from enum import StrEnum

from domain.events import Event, event
from domain.identity.permission import Role
from domain.ids import UserId


@event
class UserRegistered(Event, frozen=True, kw_only=True, tag="identity.user_registered"):
    """The address is not verified yet; the mail with the link follows from this."""

    user_id: UserId


@event
class EmailVerified(Event, frozen=True, kw_only=True, tag="identity.email_verified"):
    user_id: UserId


@event
class VerificationRequested(Event, frozen=True, kw_only=True, tag="identity.verification_requested"):
    """Somebody asks for another mail with a link."""

    user_id: UserId


@event
class PasswordResetAsked(Event, frozen=True, kw_only=True, tag="identity.password_reset_asked"):
    """Somebody typed an address. Whether it is anybody's is looked up later, so that the answer takes no longer for
    one that is. (ID-18)
    """

    email: str


@event
class PasswordResetRequested(Event, frozen=True, kw_only=True, tag="identity.password_reset_requested"):
    """The mail with the link follows from this."""

    user_id: UserId


@event
class PasswordChanged(Event, frozen=True, kw_only=True, tag="identity.password_changed"):
    user_id: UserId


class WayIn(StrEnum):
    """What changed about how somebody gets into his account."""

    APP_ON = "app_on"
    APP_OFF = "app_off"
    PASSKEY_ADDED = "passkey_added"
    PASSKEY_REMOVED = "passkey_removed"
    CODES_RENEWED = "codes_renewed"
    PROVIDER_LINKED = "provider_linked"
    PROVIDER_UNLINKED = "provider_unlinked"
    RESET = "reset"


@event
class WaysInChanged(Event, frozen=True, kw_only=True, tag="identity.ways_in_changed"):
    """Its owner is told, in case that it was not him."""

    user_id: UserId
    change: WayIn


@event
class EmailChangeRequested(Event, frozen=True, kw_only=True, tag="identity.email_change_requested"):
    """``email`` is the new address; the link goes there."""

    user_id: UserId
    email: str


@event
class EmailChanged(Event, frozen=True, kw_only=True, tag="identity.email_changed"):
    """``was``: the address before; it is told as well."""

    user_id: UserId
    was: str


@event
class UserInvited(Event, frozen=True, kw_only=True, tag="identity.user_invited"):
    """An account that nobody has entered yet; the mail with the link to choose a password follows from this. (ID-12)"""

    user_id: UserId


@event
class AccountBlocked(Event, frozen=True, kw_only=True, tag="identity.account_blocked"):
    user_id: UserId


@event
class AccountUnblocked(Event, frozen=True, kw_only=True, tag="identity.account_unblocked"):
    user_id: UserId


@event
class RolesChanged(Event, frozen=True, kw_only=True, tag="identity.roles_changed"):
    user_id: UserId
    roles: tuple[Role, ...]
    was: tuple[Role, ...]


@event
class ExportRequested(Event, frozen=True, kw_only=True, tag="identity.export_requested"):
    """Somebody wants a copy of everything that is kept about him. (ID-20)"""

    user_id: UserId


@event
class ExportReady(Event, frozen=True, kw_only=True, tag="identity.export_ready"):
    user_id: UserId


@event
class ErasureScheduled(Event, frozen=True, kw_only=True, tag="identity.erasure_scheduled"):
    """``due_at``: until then it can be called off."""

    user_id: UserId
    due_at: datetime


@event
class ErasureCalledOff(Event, frozen=True, kw_only=True, tag="identity.erasure_called_off"):
    user_id: UserId


@event
class PersonErased(Event, frozen=True, kw_only=True, tag="identity.person_erased"):
    """``files``: the keys of what lies outside of the database, and goes after it."""

    user_id: UserId
    files: tuple[str, ...] = ()


@event
class AccessChanged(Event, frozen=True, kw_only=True, tag="identity.access_changed"):
    """Who somebody is or what he may do is no longer what it was: what is remembered of his sessions is wrong."""

    user_id: UserId
