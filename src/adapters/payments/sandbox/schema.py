"""The provider's tables, in a schema of its own. The service makes them at its start; migrations are not involved."""

from typing import Final

from adapters.payments.sandbox.database import Connection

_LOCK: Final = 0x5A4D_B0C5

_TABLES: Final = """
CREATE SCHEMA IF NOT EXISTS sandbox;

CREATE TABLE IF NOT EXISTS sandbox.checkouts (
    id text PRIMARY KEY,
    account text NOT NULL,
    reference text NOT NULL,
    status text NOT NULL
        CHECK (status IN ('open', 'requires_action', 'processing', 'failed', 'succeeded', 'expired')),
    amount bigint NOT NULL CHECK (amount > 0),
    refunded bigint NOT NULL DEFAULT 0 CHECK (refunded BETWEEN 0 AND amount),
    currency text NOT NULL,
    description text NOT NULL,
    payer_email text NOT NULL,
    success_url text NOT NULL,
    cancel_url text NOT NULL,
    metadata jsonb NOT NULL DEFAULT '{}',
    decline_code text,
    charge text,
    card_brand text,
    card_last4 text CHECK (card_last4 ~ '^[0-9]{4}$'),
    settles_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS ix_checkouts_changed ON sandbox.checkouts (account, updated_at, id);
CREATE INDEX IF NOT EXISTS ix_checkouts_expiring ON sandbox.checkouts (expires_at)
    WHERE status IN ('open', 'requires_action', 'failed');
CREATE INDEX IF NOT EXISTS ix_checkouts_settling ON sandbox.checkouts (settles_at) WHERE status = 'processing';

CREATE TABLE IF NOT EXISTS sandbox.attempts (
    id text PRIMARY KEY,
    checkout text NOT NULL REFERENCES sandbox.checkouts,
    brand text NOT NULL,
    last4 text NOT NULL CHECK (last4 ~ '^[0-9]{4}$'),
    status text NOT NULL CHECK (status IN ('requires_action', 'processing', 'succeeded', 'declined', 'abandoned')),
    then_declined text,
    refund_manner text NOT NULL,
    decline_code text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS ix_attempts_checkout ON sandbox.attempts (checkout, created_at);

CREATE TABLE IF NOT EXISTS sandbox.refunds (
    id text PRIMARY KEY,
    checkout text NOT NULL REFERENCES sandbox.checkouts,
    reference text NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    currency text NOT NULL,
    reason text NOT NULL,
    status text NOT NULL CHECK (status IN ('pending', 'succeeded', 'failed')),
    failure_reason text,
    settles_at timestamptz,
    settles_to text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS ix_refunds_checkout ON sandbox.refunds (checkout, created_at);
CREATE INDEX IF NOT EXISTS ix_refunds_settling ON sandbox.refunds (settles_at) WHERE settles_at IS NOT NULL;

CREATE TABLE IF NOT EXISTS sandbox.events (
    id text PRIMARY KEY,
    account text NOT NULL,
    type text NOT NULL,
    checkout text NOT NULL REFERENCES sandbox.checkouts,
    body bytea NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS ix_events_recent ON sandbox.events (created_at DESC);

CREATE TABLE IF NOT EXISTS sandbox.deliveries (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event text NOT NULL REFERENCES sandbox.events,
    account text NOT NULL,
    status text NOT NULL CHECK (status IN ('waiting', 'delivered', 'dropped', 'abandoned')),
    attempts integer NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL,
    answer text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS ix_deliveries_due ON sandbox.deliveries (due_at) WHERE status = 'waiting';
CREATE INDEX IF NOT EXISTS ix_deliveries_event ON sandbox.deliveries (event);

CREATE TABLE IF NOT EXISTS sandbox.idempotency (
    account text NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    answer bytea,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (account, key)
);
CREATE INDEX IF NOT EXISTS ix_idempotency_age ON sandbox.idempotency (created_at);

CREATE TABLE IF NOT EXISTS sandbox.faults (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    duplicate integer NOT NULL DEFAULT 0,
    delay_s double precision NOT NULL DEFAULT 0,
    reorder_s double precision NOT NULL DEFAULT 0,
    drop_fraction double precision NOT NULL DEFAULT 0,
    drop_next integer NOT NULL DEFAULT 0,
    api_failure text NOT NULL DEFAULT 'none',
    api_next integer NOT NULL DEFAULT 0
);
INSERT INTO sandbox.faults DEFAULT VALUES ON CONFLICT DO NOTHING;
"""


async def ensure_schema(connection: Connection) -> None:
    """Idempotent; two services that start at once wait for each other."""
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        await connection.execute(_TABLES)
