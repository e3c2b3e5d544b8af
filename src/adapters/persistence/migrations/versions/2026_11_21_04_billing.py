"""Payments, refunds, a ledger that can only be added to and always comes to zero, the inbox of webhooks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)

ZERO_SUM = """
CREATE FUNCTION ledger_journal_comes_to_zero() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    journal uuid := CASE TG_TABLE_NAME WHEN 'ledger_journals' THEN (to_jsonb(NEW)->>'id')::uuid
                                       ELSE (to_jsonb(NEW)->>'journal_id')::uuid END;
BEGIN
    IF (SELECT count(*) FROM ledger_entries WHERE journal_id = journal) < 2 THEN
        RAISE EXCEPTION 'journal % has fewer than two entries', journal
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_zero_sum';
    END IF;
    IF EXISTS (
        SELECT FROM ledger_entries WHERE journal_id = journal GROUP BY currency HAVING sum(amount_minor) <> 0
    ) THEN
        RAISE EXCEPTION 'journal % does not come to zero', journal
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_zero_sum';
    END IF;
    RETURN NULL;
END $$
"""
APPEND_ONLY = """
CREATE FUNCTION ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is only added to: post a journal the other way round'
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'ledger_append_only';
END $$
"""


def upgrade() -> None:
    op.create_table(
        "payments",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("payer_id", sa.Uuid, nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("refunded_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("terms", JSONB, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("provider_ref", sa.Text),
        sa.Column("url", sa.Text),
        sa.Column("charge_ref", sa.Text),
        sa.Column("decline_code", sa.Text),
        sa.Column("fact_status", sa.Text),
        sa.Column("fact_at", INSTANT),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("captured_at", INSTANT),
        sa.Column("checked_at", INSTANT, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_payments"),
        sa.UniqueConstraint("provider", "account", "provider_ref", name="uq_payments_provider_account_provider_ref"),
        sa.CheckConstraint(
            "amount_minor > 0 AND refunded_minor BETWEEN 0 AND amount_minor", name=op.f("ck_payments_amounts")
        ),
    )
    op.create_index("ix_payments_payer_id_created_at_id", "payments", ["payer_id", "created_at", "id"])
    op.create_index("ix_payments_created_at_id", "payments", ["created_at", "id"])
    op.create_index(
        "ix_payments_live", "payments", ["checked_at"], postgresql_where=sa.text("status IN ('created', 'open')")
    )
    op.create_table(
        "payment_lines",
        sa.Column("payment_id", sa.Uuid, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("booking_id", sa.Uuid, nullable=False),
        sa.Column("learner_id", sa.Uuid, nullable=False),
        sa.Column("qari_id", sa.Uuid, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("commission_percent", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("payment_id", "position", name="pk_payment_lines"),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name="fk_payment_lines_payment_id"),
    )
    for column in ("booking_id", "qari_id", "learner_id"):
        op.create_index(f"ix_payment_lines_{column}", "payment_lines", [column])
    op.create_table(
        "refunds",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("payment_id", sa.Uuid, nullable=False),
        sa.Column("payer_id", sa.Uuid, nullable=False),
        sa.Column("booking_id", sa.Uuid),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("by_user_id", sa.Uuid),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("provider_ref", sa.Text),
        sa.Column("failure", sa.Text),
        sa.Column("settled_at", INSTANT),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_refunds"),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name="fk_refunds_payment_id"),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_refunds_amount")),
    )
    op.create_index("ix_refunds_payment_id", "refunds", ["payment_id"])
    op.create_index(
        "ix_refunds_due", "refunds", ["due_at"], postgresql_where=sa.text("status IN ('requested', 'submitted')")
    )
    op.create_index(
        "ix_refunds_under_way",
        "refunds",
        ["payment_id"],
        postgresql_where=sa.text("status IN ('pending', 'requested', 'submitted')"),
    )
    _ledger()
    _inbox()


def _ledger() -> None:
    op.create_table(
        "ledger_journals",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("source", sa.Uuid, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("memo", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ledger_journals"),
        sa.UniqueConstraint("kind", "source", name="uq_ledger_journals_kind_source"),
    )
    op.create_table(
        "ledger_entries",
        sa.Column("journal_id", sa.Uuid, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("booking_id", sa.Uuid),
        sa.PrimaryKeyConstraint("journal_id", "position", name="pk_ledger_entries"),
        sa.ForeignKeyConstraint(["journal_id"], ["ledger_journals.id"], name="fk_ledger_entries_journal_id"),
        sa.CheckConstraint("amount_minor <> 0", name=op.f("ck_ledger_entries_amount")),
    )
    op.create_index("ix_ledger_entries_account_journal_id", "ledger_entries", ["account", "journal_id"])
    op.create_index("ix_ledger_entries_booking_id", "ledger_entries", ["booking_id"])
    op.execute(ZERO_SUM)
    op.execute(APPEND_ONLY)
    for table in ("ledger_journals", "ledger_entries"):
        op.execute(
            f"CREATE CONSTRAINT TRIGGER {table}_zero_sum AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED "
            "FOR EACH ROW EXECUTE FUNCTION ledger_journal_comes_to_zero()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only()"
        )


def _inbox() -> None:
    op.create_table(
        "webhook_events",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("event_id", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("object_ref", sa.Text, nullable=False),
        sa.Column("raw", sa.LargeBinary, nullable=False),
        sa.Column("occurred_at", INSTANT, nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("settled_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_events"),
        sa.UniqueConstraint("provider", "account", "event_id", name="uq_webhook_events_provider_account_event_id"),
    )
    op.create_index("ix_webhook_events_received_at_id", "webhook_events", ["received_at", "id"])
    op.create_index(
        "ix_webhook_events_due",
        "webhook_events",
        ["due_at"],
        postgresql_where=sa.text("status IN ('received', 'failed', 'processing')"),
    )
    op.create_index(
        "ix_webhook_events_dead",
        "webhook_events",
        ["received_at", "id"],
        postgresql_where=sa.text("status = 'dead'"),
    )
