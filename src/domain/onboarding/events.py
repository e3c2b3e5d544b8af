"""What happens to applications and trials."""

from domain.events import Event, event
from domain.identity.permission import Role
from domain.ids import ApplicationId, BookingId, UserId


class ApplicationEvent(Event, frozen=True, kw_only=True):
    """``user_id`` is the applicant; ``edition`` counts what he has handed in."""

    application_id: ApplicationId
    user_id: UserId
    role: Role
    edition: int


@event
class ApplicationSubmitted(ApplicationEvent, frozen=True, kw_only=True, tag="onboarding.submitted"):
    """It waits for the school."""


@event
class ApplicationApproved(ApplicationEvent, frozen=True, kw_only=True, tag="onboarding.approved"):
    """``decided_by`` is None where the rules alone decided."""

    decided_by: UserId | None = None


@event
class ApplicationRejected(ApplicationEvent, frozen=True, kw_only=True, tag="onboarding.rejected"):
    decided_by: UserId | None = None
    reason: str


@event
class TrialJudged(Event, frozen=True, kw_only=True, tag="onboarding.trial_judged"):
    """A Qari told how a trial lesson went. (ONB-08)"""

    booking_id: BookingId
    learner_id: UserId
    qari_id: UserId
