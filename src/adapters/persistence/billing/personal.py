"""What billing keeps about payers and Qaris. All of it is kept for the books, under ids that lead to nobody."""

from typing import Final

from adapters.persistence.billing.tables import (
    book_findings,
    disputes,
    ledger_entries,
    payment_lines,
    payments,
    refunds,
)
from adapters.persistence.personal_rows import Fate, PersonalRows

_LAW: Final = "the books are kept as long as the law says"

PERSONAL: Final = (
    PersonalRows(table=payments, about=("payer_id",), fate=Fate.KEEP, secret=frozenset({"url"}), why=_LAW),
    PersonalRows(table=payment_lines, about=("learner_id", "qari_id"), fate=Fate.KEEP, why=_LAW),
    PersonalRows(table=refunds, about=("payer_id",), mentions=("by_user_id",), fate=Fate.KEEP, why=_LAW),
    PersonalRows(table=disputes, about=("payer_id",), fate=Fate.KEEP, why=_LAW),
    PersonalRows(table=book_findings, mentions=("explained_by",), fate=Fate.KEEP, why=_LAW),
    PersonalRows(
        table=ledger_entries,
        matching="account IN ('deferred:' || :name, 'qari:' || :name)",
        fate=Fate.KEEP,
        why=_LAW,
    ),
)
