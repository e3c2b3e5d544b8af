"""Payments and their lines, refunds, the ledger, the inbox of webhooks.

Amounts are minor units beside their currency. That every journal comes to zero and that the ledger is only ever added
to are triggers of the migration: no code path, and no person with a database shell, gets round them by accident.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from adapters.persistence.metadata import academy_column, metadata

_INSTANT: Final = DateTime(timezone=True)


def one_of(column: Column[str], statuses: Iterable[StrEnum]) -> ColumnElement[bool]:
    """``column IN ('a', 'b')`` with the words themselves in it: only then does the planner see that a partial index
    serves.
    """
    return column.in_([literal_column(f"'{status.value}'") for status in sorted(statuses)])


payments: Final = Table(
    "payments",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("payer_id", Uuid, nullable=False),
    Column("provider", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("refunded_minor", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("terms", JSONB, nullable=False),
    Column("status", Text, nullable=False),
    Column("provider_ref", Text),
    Column("url", Text),
    Column("charge_ref", Text),
    Column("decline_code", Text),
    Column("fact_status", Text),
    Column("fact_at", _INSTANT),
    Column("created_at", _INSTANT, nullable=False),
    Column("expires_at", _INSTANT, nullable=False),
    Column("captured_at", _INSTANT),
    Column("checked_at", _INSTANT, nullable=False),
    Column("version", Integer, nullable=False),
    academy_column(),
    UniqueConstraint("provider", "account", "provider_ref", name="uq_payments_provider_account_provider_ref"),
    CheckConstraint("amount_minor > 0 AND refunded_minor BETWEEN 0 AND amount_minor", name="amounts"),
    Index("ix_payments_payer_id_created_at_id", "payer_id", "created_at", "id"),
    Index("ix_payments_newest", "academy_id", "created_at", "id"),
    Index("ix_payments_live", "checked_at", postgresql_where=text("status IN ('created', 'open')")),
)

payment_lines: Final = Table(
    "payment_lines",
    metadata,
    Column("payment_id", Uuid, ForeignKey("payments.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("booking_id", Uuid, nullable=False),
    Column("learner_id", Uuid, nullable=False),
    Column("qari_id", Uuid, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("commission_percent", Integer, nullable=False),
    Index("ix_payment_lines_booking_id", "booking_id"),
    Index("ix_payment_lines_qari_id", "qari_id"),
    Index("ix_payment_lines_learner_id", "learner_id"),
)

refunds: Final = Table(
    "refunds",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("payment_id", Uuid, ForeignKey("payments.id"), nullable=False),
    Column("payer_id", Uuid, nullable=False),
    Column("booking_id", Uuid),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("by_user_id", Uuid),
    Column("created_at", _INSTANT, nullable=False),
    Column("status", Text, nullable=False),
    Column("provider_ref", Text),
    Column("failure", Text),
    Column("settled_at", _INSTANT),
    Column("attempts", Integer, nullable=False),
    Column("due_at", _INSTANT, nullable=False),
    Column("version", Integer, nullable=False),
    academy_column(),
    CheckConstraint("amount_minor > 0", name="amount"),
    Index("ix_refunds_payment_id", "payment_id"),
    Index("ix_refunds_due", "due_at", postgresql_where=text("status IN ('requested', 'submitted')")),
    Index(
        "ix_refunds_under_way",
        "payment_id",
        postgresql_where=text("status IN ('pending', 'requested', 'submitted')"),
    ),
)

disputes: Final = Table(
    "disputes",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("payment_id", Uuid, ForeignKey("payments.id"), nullable=False),
    Column("payer_id", Uuid, nullable=False),
    Column("provider_ref", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("is_open", Boolean, nullable=False),
    Column("opened_at", _INSTANT, nullable=False),
    Column("due_by", _INSTANT),
    Column("is_taken", Boolean, nullable=False),
    Column("taking", Uuid),
    academy_column(),
    UniqueConstraint("payment_id", "provider_ref", name="uq_disputes_payment_id_provider_ref"),
    Index("ix_disputes_open", "opened_at", "id", postgresql_where=text("is_open")),
)

book_findings: Final = Table(
    "book_findings",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("source", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("found_at", _INSTANT, nullable=False),
    Column("status", Text, nullable=False),
    Column("explanation", Text, nullable=False),
    Column("explained_by", Uuid),
    academy_column(),
    UniqueConstraint("academy_id", "source", "kind", "subject", name="uq_book_findings_name"),
    Index("ix_book_findings_open", "found_at", "id", postgresql_where=text("status = 'open'")),
)

ledger_journals: Final = Table(
    "ledger_journals",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("source", Uuid, nullable=False),
    Column("at", _INSTANT, nullable=False),
    Column("memo", Text, nullable=False),
    academy_column(),
    UniqueConstraint("kind", "source", name="uq_ledger_journals_kind_source"),
)

ledger_entries: Final = Table(
    "ledger_entries",
    metadata,
    Column("journal_id", Uuid, ForeignKey("ledger_journals.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("account", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("booking_id", Uuid),
    academy_column(),
    CheckConstraint("amount_minor <> 0", name="amount"),
    Index("ix_ledger_entries_account_journal_id", "account", "journal_id"),
    Index("ix_ledger_entries_booking_id", "booking_id"),
)

webhook_events: Final = Table(
    "webhook_events",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("provider", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("object_ref", Text, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("occurred_at", _INSTANT, nullable=False),
    Column("received_at", _INSTANT, nullable=False),
    Column("due_at", _INSTANT, nullable=False),
    Column("status", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("error", Text, nullable=False),
    Column("settled_at", _INSTANT),
    academy_column(),
    UniqueConstraint("provider", "account", "event_id", name="uq_webhook_events_provider_account_event_id"),
    Index("ix_webhook_events_newest", "academy_id", "received_at", "id"),
    Index(
        "ix_webhook_events_due",
        "due_at",
        postgresql_where=text("status IN ('received', 'failed', 'processing')"),
    ),
    Index(
        "ix_webhook_events_waiting",
        "object_ref",
        postgresql_where=text("status IN ('received', 'failed', 'processing')"),
    ),
    Index("ix_webhook_events_dead", "received_at", "id", postgresql_where=text("status = 'dead'")),
)
