"""What scheduling keeps about Qaris and learners."""

from typing import Final

from adapters.persistence.personal_rows import Fate, PersonalRows
from adapters.persistence.scheduling.class_tables import (
    class_attendance,
    class_members,
    class_occurrences,
    group_classes,
)
from adapters.persistence.scheduling.connection_tables import calendar_connections, external_busy
from adapters.persistence.scheduling.meeting_tables import choices, clicks, sightings
from adapters.persistence.scheduling.tables import (
    calendar_overrides,
    calendars,
    learners,
    qari_offers,
    qaris,
    time_off,
)

PERSONAL: Final = (
    PersonalRows(
        table=qaris,
        about=("user_id",),
        fate=Fate.BLANK,
        blank={"name": "'(erased)'", "bio": "''", "approved": "false"},
        secret=frozenset({"searched"}),
        why="past lessons name their Qari",
    ),
    PersonalRows(table=qari_offers, about=("qari_id",)),
    PersonalRows(table=calendar_overrides, about=("qari_id",)),
    PersonalRows(table=time_off, about=("qari_id",)),
    PersonalRows(table=calendars, about=("qari_id",)),
    PersonalRows(table=learners, about=("user_id",)),
    PersonalRows(table=external_busy, about=("qari_id",)),
    PersonalRows(table=calendar_connections, about=("qari_id",)),
    PersonalRows(table=clicks, about=("user_id",)),
    # Under which name somebody was seen: of whose lessons is known, which of them it was is not.
    PersonalRows(
        table=sightings,
        matching="booking_id IN (SELECT id FROM bookings WHERE :person IN (learner_id, qari_id))",
        copied=False,
    ),
    PersonalRows(table=choices, about=("qari_id",)),
    PersonalRows(table=class_members, about=("learner_id", "payer_id"), mentions=("added_by",)),
    PersonalRows(table=class_attendance, about=("learner_id",), mentions=("marked_by",)),
    PersonalRows(table=group_classes, about=("qari_id",), fate=Fate.KEEP, why="the record of what was taught"),
    PersonalRows(table=class_occurrences, about=("qari_id",), fate=Fate.KEEP, why="the record of what was taught"),
)
