"""Who may do what, as data. The published matrix and its test are made from this module. (ID-08)"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Audience(StrEnum):
    """The door somebody came through. A token of one door opens nothing behind the other. (ID-07)"""

    MAIN = "main"
    ADMIN = "admin"


class Role(StrEnum):
    STUDENT = "student"
    GUARDIAN = "guardian"
    QARI = "qari"
    TEACHING_LEAD = "teaching_lead"
    SUPPORT = "support"
    FINANCE = "finance"
    ADMIN = "admin"
    OWNER = "owner"


class Permission(StrEnum):
    """Named ``what.how``. ``NOTHING`` marks a route that is open to everybody, on purpose."""

    NOTHING = "nothing"
    SIGNED_IN = "signed_in"
    # learners and those who pay for them
    BOOK_LESSON = "booking.book"
    SEE_OWN_BOOKINGS = "booking.see_own"
    CHANGE_OWN_BOOKING = "booking.change_own"
    JOIN_LESSON = "booking.join"
    PAY = "billing.pay"
    SEE_OWN_PAYMENTS = "billing.see_own"
    MANAGE_CALENDAR_FEED = "notification.manage_feed"
    # Qaris
    SET_AVAILABILITY = "scheduling.set_availability"
    TEACH = "booking.teach"
    SEE_OWN_EARNINGS = "billing.see_own_earnings"
    # what staff see
    SEE_BOOKINGS = "booking.see_all"
    SEE_PAYMENTS = "billing.see_all"
    SEE_LEDGER = "billing.see_ledger"
    SEE_WEBHOOKS = "billing.see_webhooks"
    SEE_MAILBOX = "notification.see_mailbox"
    SEE_JOBS = "oversight.see_jobs"
    SEE_PEOPLE = "identity.see_people"
    # what staff change
    CHANGE_ANY_BOOKING = "booking.change_any"
    REFUND = "billing.refund"
    REPLAY_WEBHOOKS = "billing.replay_webhooks"
    SET_POLICIES = "oversight.set_policies"


_LEARNING: Final = frozenset(
    {
        Permission.SIGNED_IN,
        Permission.BOOK_LESSON,
        Permission.SEE_OWN_BOOKINGS,
        Permission.CHANGE_OWN_BOOKING,
        Permission.JOIN_LESSON,
        Permission.PAY,
        Permission.SEE_OWN_PAYMENTS,
        Permission.MANAGE_CALENDAR_FEED,
    }
)
_TEACHING: Final = frozenset(
    {
        Permission.SIGNED_IN,
        Permission.SET_AVAILABILITY,
        Permission.TEACH,
        Permission.SEE_OWN_BOOKINGS,
        Permission.CHANGE_OWN_BOOKING,
        Permission.JOIN_LESSON,
        Permission.SEE_OWN_EARNINGS,
        Permission.MANAGE_CALENDAR_FEED,
    }
)
_LOOKING: Final = frozenset(
    {
        Permission.SIGNED_IN,
        Permission.SEE_BOOKINGS,
        Permission.SEE_PAYMENTS,
        Permission.SEE_LEDGER,
        Permission.SEE_WEBHOOKS,
        Permission.SEE_MAILBOX,
        Permission.SEE_JOBS,
        Permission.SEE_PEOPLE,
    }
)
_RUNNING: Final = _LOOKING | {
    Permission.CHANGE_ANY_BOOKING,
    Permission.REFUND,
    Permission.REPLAY_WEBHOOKS,
    Permission.SET_POLICIES,
}

GRANTS: Final[Mapping[Audience, Mapping[Role, frozenset[Permission]]]] = {
    Audience.MAIN: {
        Role.STUDENT: _LEARNING,
        Role.GUARDIAN: _LEARNING,
        Role.QARI: _TEACHING,
    },
    Audience.ADMIN: {
        Role.TEACHING_LEAD: frozenset({Permission.SIGNED_IN, Permission.SEE_BOOKINGS, Permission.SEE_PEOPLE}),
        Role.SUPPORT: _LOOKING,
        Role.FINANCE: _LOOKING | {Permission.REFUND},
        Role.ADMIN: _RUNNING,
        Role.OWNER: _RUNNING,
    },
}


def permissions_of(audience: Audience, role: Role) -> frozenset[Permission]:
    """Empty where that role has no business behind that door."""
    return GRANTS[audience].get(role, frozenset())
