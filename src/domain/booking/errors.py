"""What a lesson can be refused for."""

from domain.errors import Conflict, NotPermitted


class SlotTaken(Conflict):
    """Somebody else holds an overlapping time of this Qari. ``next_free`` in details says where to go instead."""

    code = "slot_taken"


class SlotUnavailable(Conflict):
    """The Qari does not teach then. ``reason`` in details is the slot engine's word for it."""

    code = "slot_unavailable"


class LearnerBusy(Conflict):
    """The learner has another lesson at that time."""

    code = "learner_busy"


class TrialUsed(Conflict):
    """One trial per learner and Qari. (BOOK-15)"""

    code = "trial_used"


class NoSuchOffer(Conflict):
    """The Qari does not offer lessons of that length, or no trial of it."""

    code = "no_such_offer"


class SeriesClash(Conflict):
    """Nothing was reserved. ``clashes`` in details lists every date that does not fit, and why. (BOOK-12)"""

    code = "series_clash"


class HoldStillRuns(Conflict):
    code = "hold_still_runs"


class HoldOver(Conflict):
    """The time to pay is over. Book again."""

    code = "hold_over"


class LessonStarted(Conflict):
    """A lesson that has started ends with an outcome; it is not cancelled or moved any more."""

    code = "lesson_started"


class OutcomeWindow(Conflict):
    """Outcomes are told from a while after the start until some time after the end."""

    code = "outside_outcome_window"


class OutsideJoinWindow(NotPermitted):
    """The door opens shortly before the lesson and closes shortly after. ``opens_at``, ``closes_at``. (LIVE-08)"""

    code = "outside_join_window"


class TermsChanged(Conflict):
    """What was shown is not what would happen now: a tier was crossed in between. (BOOK-10)"""

    code = "terms_changed"


class ProposalOpen(Conflict):
    """Another proposal for this lesson waits for its answer."""

    code = "proposal_open"


class AnswerTooLate(Conflict):
    code = "answer_too_late"


class SameRequestDiffers(Conflict):
    """The id of an earlier booking came again with other content."""

    code = "same_request_differs"
