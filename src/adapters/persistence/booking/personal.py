"""What booking keeps about learners, payers and Qaris."""

from typing import Final

from adapters.persistence.booking.tables import bookings, policies, series
from adapters.persistence.personal_rows import Fate, PersonalRows

_LAW: Final = "the record of what was sold and taught, which the law wants kept"

PERSONAL: Final = (
    PersonalRows(
        table=bookings,
        about=("learner_id", "payer_id", "qari_id"),
        fate=Fate.BLANK,
        blank={"note": "''", "reason": "''"},
        blank_by=("learner_id",),
        why=_LAW,
    ),
    PersonalRows(table=series, about=("learner_id", "payer_id", "qari_id"), fate=Fate.KEEP, why=_LAW),
    PersonalRows(table=policies, mentions=("created_by",), fate=Fate.KEEP, why="rules of the school"),
)
