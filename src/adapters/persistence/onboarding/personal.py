"""What onboarding keeps about applicants, teachers and families."""

from typing import Final

from adapters.persistence.onboarding.rows import document_of
from adapters.persistence.onboarding.safety_tables import clearances, consents
from adapters.persistence.onboarding.tables import (
    application_documents,
    application_editions,
    applications,
    placements,
    trials,
)
from adapters.persistence.personal_rows import Fate, PersonalRows

_CHILDREN: Final = "who taught children, and on what grounds, can be asked about years later"

PERSONAL: Final = (
    PersonalRows(
        table=application_documents,
        about=("user_id",),
        mentions=("application_id",),
        file_key=lambda row: document_of(row).key,
    ),
    PersonalRows(
        table=application_editions,
        matching="application_id IN (SELECT id FROM applications WHERE user_id = :person)",
        mentions=("application_id", "decided_by"),
    ),
    PersonalRows(table=applications, about=("user_id",), mentions=("owner_id", "decided_by")),
    PersonalRows(table=placements, about=("learner_id",), mentions=("heard_by",)),
    PersonalRows(
        table=trials,
        about=("learner_id", "qari_id"),
        fate=Fate.BLANK,
        blank={"note": "''"},
        blank_by=("learner_id",),
        why="part of the record of lessons",
    ),
    PersonalRows(
        table=clearances,
        about=("qari_id",),
        mentions=("recorded_by",),
        fate=Fate.BLANK,
        blank={"reference": "''"},
        why=_CHILDREN,
    ),
    PersonalRows(table=consents, about=("user_id", "child_id"), fate=Fate.KEEP, why="proof of what was agreed to"),
)
