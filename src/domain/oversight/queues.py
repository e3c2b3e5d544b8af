"""What waits for a person: which queues there are, who sees them, who may take something on. (ADM-03)"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec

from domain.identity.permission import Permission


class Queue(StrEnum):
    APPLICATIONS = "applications"
    """Somebody has applied and waits for a decision."""
    REQUESTS = "requests"
    """A Qari has not said yes or no."""
    OUTCOMES = "outcomes"
    """A lesson is over, and nobody has said how it ended."""
    REFUNDS = "refunds"
    """Money that did not go back."""
    DISPUTES = "disputes"
    """A payer's bank asks for money back."""
    BOOKS = "books"
    """Our books, or a provider's, say something else, and nobody has said why."""
    ADDRESSES = "addresses"
    """Mail to somebody comes back."""
    CALENDARS = "calendars"
    """A Qari's other calendar cannot be read, so he may be booked when he is busy, or not at all."""
    WEBHOOKS = "webhooks"
    TASKS = "tasks"
    MESSAGES = "messages"
    """Given up after all their tries: what a provider told us, what follows from an event, a mail."""


class Gate(msgspec.Struct, frozen=True):
    """``see`` to look at a queue, ``settle`` to take an item on: only who can settle it owns it."""

    see: Permission
    settle: Permission


GATES: Final[Mapping[Queue, Gate]] = {
    Queue.APPLICATIONS: Gate(Permission.SEE_APPLICATIONS, Permission.REVIEW_APPLICATIONS),
    Queue.REQUESTS: Gate(Permission.SEE_BOOKINGS, Permission.CHANGE_ANY_BOOKING),
    Queue.OUTCOMES: Gate(Permission.SEE_BOOKINGS, Permission.CHANGE_ANY_BOOKING),
    Queue.REFUNDS: Gate(Permission.SEE_PAYMENTS, Permission.REFUND),
    Queue.DISPUTES: Gate(Permission.SEE_PAYMENTS, Permission.REFUND),
    Queue.BOOKS: Gate(Permission.SEE_LEDGER, Permission.REFUND),
    Queue.ADDRESSES: Gate(Permission.SEE_PEOPLE, Permission.MANAGE_PEOPLE),
    Queue.CALENDARS: Gate(Permission.SEE_PEOPLE, Permission.MANAGE_PEOPLE),
    Queue.WEBHOOKS: Gate(Permission.SEE_WEBHOOKS, Permission.REPLAY_WEBHOOKS),
    Queue.TASKS: Gate(Permission.SEE_JOBS, Permission.REPLAY_WEBHOOKS),
    Queue.MESSAGES: Gate(Permission.SEE_MAILBOX, Permission.REPLAY_WEBHOOKS),
}
