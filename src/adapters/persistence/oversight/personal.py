"""What oversight keeps about people: what staff did, which is kept, and what they are looking after."""

from typing import Final

from adapters.persistence.oversight.audit_tables import audit_log
from adapters.persistence.oversight.office_tables import queue_claims
from adapters.persistence.personal_rows import Fate, PersonalRows

PERSONAL: Final = (
    PersonalRows(
        table=audit_log,
        about=("actor_id",),
        mentions=("impersonator_id",),
        fate=Fate.KEEP,
        copied=False,
        why="each entry seals the one before it; it holds ids and no names",
    ),
    PersonalRows(table=queue_claims, about=("owner_id",)),
)
