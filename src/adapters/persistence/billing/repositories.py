"""All repositories of billing, for the unit of work."""

from adapters.persistence.billing.disputes import SqlDisputes
from adapters.persistence.billing.inbox import SqlWebhooks
from adapters.persistence.billing.ledger import SqlLedger
from adapters.persistence.billing.payments import SqlPayments
from adapters.persistence.billing.refunds import SqlRefunds

__all__ = ["SqlDisputes", "SqlLedger", "SqlPayments", "SqlRefunds", "SqlWebhooks"]
