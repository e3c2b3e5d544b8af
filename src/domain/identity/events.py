"""What happens to accounts."""

from domain.events import Event, event
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
