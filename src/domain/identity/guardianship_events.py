"""What happens between a child and those who answer for it."""

from domain.events import Event, event
from domain.ids import GuardianshipId, UserId


class GuardianshipEvent(Event, frozen=True, kw_only=True):
    guardianship_id: GuardianshipId
    guardian_id: UserId
    child_id: UserId


@event
class GuardianInvited(GuardianshipEvent, frozen=True, kw_only=True, tag="identity.guardian_invited"):
    """Somebody is asked to answer for a child, too."""


@event
class GuardianshipStarted(GuardianshipEvent, frozen=True, kw_only=True, tag="identity.guardianship_started"):
    pass


@event
class GuardianshipEnded(GuardianshipEvent, frozen=True, kw_only=True, tag="identity.guardianship_ended"):
    """``at_majority``: the child has grown up and answers for himself. All rights of the guardian end with it."""

    at_majority: bool
