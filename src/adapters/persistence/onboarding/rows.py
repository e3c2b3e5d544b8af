"""Between rows and applications, documents, placements and trials."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import asyncpg
import msgspec

from domain.identity.permission import Role
from domain.ids import ApplicationId, BookingId, DocumentId, SeriesId, UserId
from domain.onboarding.application import Application, Edition, SealedId, Status
from domain.onboarding.document import Document
from domain.onboarding.forms import Form, Goal, LearnerForm, QariForm, ReadingLevel
from domain.onboarding.placement import Match, Placement, Portion
from domain.onboarding.policy import DocumentKind
from domain.onboarding.trial import Trial, Verdict

Row: TypeAlias = "asyncpg.Record | Mapping[str, Any]"
_GOALS = msgspec.json.Decoder(tuple[Goal, ...])
_PORTIONS = msgspec.json.Decoder(tuple[Portion, ...])
_MATCH = msgspec.json.Decoder(Match)


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def form_of(text: str, role: Role) -> Form:
    kind: type[Form] = QariForm if role is Role.QARI else LearnerForm
    return msgspec.json.decode(text, type=kind)


def id_row(national_id: SealedId | None) -> dict[str, Any]:
    return {
        "id_country": national_id.country if national_id is not None else None,
        "id_tail": national_id.tail if national_id is not None else None,
        "id_sealed": national_id.sealed if national_id is not None else None,
    }


def _id_of(row: Row) -> SealedId | None:
    if row["id_sealed"] is None:
        return None
    return SealedId(country=row["id_country"], tail=row["id_tail"], sealed=row["id_sealed"])


def application_row(application: Application) -> dict[str, Any]:
    row = msgspec.structs.asdict(application)
    del row["national_id"]
    return (
        row
        | id_row(application.national_id)
        | {"role": application.role.value, "status": application.status.value, "form": _text(application.form)}
    )


def application_of(row: Row) -> Application:
    role = Role(row["role"])
    return Application(
        id=ApplicationId(row["id"]),
        user_id=UserId(row["user_id"]),
        role=role,
        form=form_of(row["form"], role),
        national_id=_id_of(row),
        status=Status(row["status"]),
        edition=row["edition"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        submitted_at=row["submitted_at"],
        owner_id=row["owner_id"],
        claimed_at=row["claimed_at"],
        decided_at=row["decided_at"],
        decided_by=row["decided_by"],
        reason=row["reason"],
        version=row["version"],
    )


def edition_row(edition: Edition) -> dict[str, Any]:
    row = msgspec.structs.asdict(edition)
    del row["national_id"]
    return (
        row
        | id_row(edition.national_id)
        | {"form": _text(edition.form), "document_ids": list(edition.document_ids), "outcome": edition.outcome.value}
    )


def edition_of(row: Row) -> Edition:
    """``role`` comes from the application."""
    return Edition(
        application_id=ApplicationId(row["application_id"]),
        edition=row["edition"],
        form=form_of(row["form"], Role(row["role"])),
        national_id=_id_of(row),
        document_ids=tuple(DocumentId(one) for one in row["document_ids"]),
        submitted_at=row["submitted_at"],
        outcome=Status(row["outcome"]),
        decided_at=row["decided_at"],
        decided_by=row["decided_by"],
        reason=row["reason"],
    )


def document_row(document: Document) -> dict[str, Any]:
    return msgspec.structs.asdict(document) | {"kind": document.kind.value}


def document_of(row: Row) -> Document:
    values = {name: row[name] for name in Document.__struct_fields__}
    return Document(**(values | {"kind": DocumentKind(row["kind"])}))


def placement_row(placement: Placement) -> dict[str, Any]:
    return msgspec.structs.asdict(placement) | {
        "level": placement.level.value,
        "goals": _text(placement.goals),
        "memorized": _text(placement.memorized),
        "match": _text(placement.match),
    }


def placement_of(row: Row) -> Placement:
    return Placement(
        learner_id=UserId(row["learner_id"]),
        level=ReadingLevel(row["level"]),
        goals=_GOALS.decode(row["goals"]),
        memorized=_PORTIONS.decode(row["memorized"]),
        birth_date=row["birth_date"],
        match=_MATCH.decode(row["match"]),
        placed_at=row["placed_at"],
        heard_by=row["heard_by"],
    )


def trial_row(trial: Trial) -> dict[str, Any]:
    level = trial.level.value if trial.level is not None else None
    return msgspec.structs.asdict(trial) | {"verdict": trial.verdict.value, "level": level}


def trial_of(row: Row) -> Trial:
    return Trial(
        booking_id=BookingId(row["booking_id"]),
        learner_id=UserId(row["learner_id"]),
        qari_id=UserId(row["qari_id"]),
        verdict=Verdict(row["verdict"]),
        level=ReadingLevel(row["level"]) if row["level"] is not None else None,
        note=row["note"],
        judged_at=row["judged_at"],
        series_id=SeriesId(row["series_id"]) if row["series_id"] is not None else None,
    )
