"""What money can be refused for."""

from domain.errors import Conflict, Invalid


class NothingToPay(Conflict):
    """The lesson is free, paid already, or no longer held."""

    code = "nothing_to_pay"


class CheckoutClosed(Conflict):
    """The time to pay is over. Book again."""

    code = "checkout_closed"


class CheckoutRefused(Conflict):
    """The provider does not open a page for this payment. ``reason`` in details is his word for it."""

    code = "checkout_refused"


class SnapshotMismatch(Conflict):
    """The provider speaks of another payment, amount or currency than ours. A person has to look at it."""

    code = "snapshot_mismatch"


class RefundTooLarge(Conflict):
    """``refundable`` in details says how much of it is left, in minor units. (REF-02)"""

    code = "refund_too_large"


class RefundUnderWay(Conflict):
    """Somebody else is giving the money back right now. Look again before you give more. (REF-02)"""

    code = "refund_under_way"


class Unbalanced(Invalid):
    """Debits and credits of a journal do not come to zero. A bug, never an input."""

    code = "unbalanced_journal"
