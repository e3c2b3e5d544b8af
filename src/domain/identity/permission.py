"""Who may do what, as data. The published matrix and its test are made from this module. (ID-08)"""

from collections.abc import Collection, Mapping
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
    APPLY = "onboarding.apply"
    ENROLL = "enrollment.enroll"
    MANAGE_CHILDREN = "identity.manage_children"
    # Qaris
    SET_AVAILABILITY = "scheduling.set_availability"
    TEACH = "booking.teach"
    SEE_OWN_EARNINGS = "billing.see_own_earnings"
    UPLOAD_RESOURCE = "learning.upload_resource"
    # what staff see
    SEE_BOOKINGS = "booking.see_all"
    SEE_PAYMENTS = "billing.see_all"
    SEE_LEDGER = "billing.see_ledger"
    SEE_WEBHOOKS = "billing.see_webhooks"
    SEE_MAILBOX = "notification.see_mailbox"
    SEE_JOBS = "oversight.see_jobs"
    SEE_PEOPLE = "identity.see_people"
    SEE_APPLICATIONS = "onboarding.see_applications"
    SEE_DOCUMENTS = "onboarding.see_documents"
    SEE_AUDIT = "oversight.see_audit"
    SEE_SETTINGS = "oversight.see_settings"
    # what staff change
    CHANGE_ANY_BOOKING = "booking.change_any"
    REFUND = "billing.refund"
    REPLAY_WEBHOOKS = "billing.replay_webhooks"
    SET_POLICIES = "oversight.set_policies"
    BOOK_FOR_OTHERS = "booking.book_for_others"
    OVERRIDE_RULES = "booking.override_rules"
    MANAGE_PEOPLE = "identity.manage_people"
    MANAGE_ROLES = "identity.manage_roles"
    IMPERSONATE = "identity.impersonate"
    ERASE_PERSON = "identity.erase"
    MANAGE_ACADEMIES = "identity.manage_academies"
    REVIEW_APPLICATIONS = "onboarding.review"
    MANAGE_CLEARANCE = "onboarding.manage_clearance"


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
        Permission.APPLY,
        Permission.ENROLL,
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
        Permission.APPLY,
        Permission.UPLOAD_RESOURCE,
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
        Permission.SEE_APPLICATIONS,
        Permission.SEE_SETTINGS,
    }
)
_RUNNING: Final = _LOOKING | {
    Permission.CHANGE_ANY_BOOKING,
    Permission.REFUND,
    Permission.REPLAY_WEBHOOKS,
    Permission.SET_POLICIES,
    Permission.SEE_DOCUMENTS,
    Permission.SEE_AUDIT,
    Permission.BOOK_FOR_OTHERS,
    Permission.OVERRIDE_RULES,
    Permission.MANAGE_PEOPLE,
    Permission.MANAGE_ROLES,
    Permission.IMPERSONATE,
    Permission.ERASE_PERSON,
    Permission.REVIEW_APPLICATIONS,
    Permission.MANAGE_CLEARANCE,
}
_REVIEWING: Final = frozenset(
    {
        Permission.SIGNED_IN,
        Permission.SEE_BOOKINGS,
        Permission.SEE_PEOPLE,
        Permission.SEE_APPLICATIONS,
        Permission.SEE_DOCUMENTS,
        Permission.REVIEW_APPLICATIONS,
        Permission.MANAGE_CLEARANCE,
    }
)

GATED: Final = frozenset({Permission.BOOK_LESSON, Permission.TEACH, Permission.ENROLL, Permission.UPLOAD_RESOURCE})
"""What nobody does before the school has approved of him. (ONB-05)"""

GRANTS: Final[Mapping[Audience, Mapping[Role, frozenset[Permission]]]] = {
    Audience.MAIN: {
        Role.STUDENT: _LEARNING,
        Role.GUARDIAN: _LEARNING | {Permission.MANAGE_CHILDREN},
        Role.QARI: _TEACHING,
    },
    Audience.ADMIN: {
        Role.TEACHING_LEAD: _REVIEWING,
        Role.SUPPORT: _LOOKING,
        Role.FINANCE: _LOOKING | {Permission.REFUND},
        Role.ADMIN: _RUNNING,
        Role.OWNER: _RUNNING | {Permission.MANAGE_ACADEMIES},
    },
}


def permissions_of(audience: Audience, role: Role) -> frozenset[Permission]:
    """Empty where that role has no business behind that door."""
    return GRANTS[audience].get(role, frozenset())


def acting_role(wanted: Role, held: Collection[Role], audience: Audience) -> Role:
    """What somebody is behind that door, of the roles that he holds by now: the one he came in with, else the one
    that may do most there. One that may do nothing there when he holds no other. (ID-09)
    """
    if wanted in held:
        return wanted
    return max(held, key=lambda role: (len(permissions_of(audience, role)), role))
