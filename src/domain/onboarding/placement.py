"""Where a learner stands and what he looks for: the start of his hifz state and of every match. (ONB-07)"""

from datetime import date, datetime

import msgspec

from domain.ids import UserId
from domain.onboarding.errors import Incomplete
from domain.onboarding.forms import Goal, LearnerForm, ReadingLevel
from domain.scheduling.qari import Gender


class Portion(msgspec.Struct, frozen=True, order=True):
    """A stretch that is known by heart: a juz or a surah, by its number."""

    juz: int = 0
    surah: int = 0


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """What a Qari for this learner has to be. Empty fields leave it open. ``zone``: whose evenings are meant."""

    qari_gender: Gender | None = None
    language: str = ""
    zone: str = "UTC"


class Placement(msgspec.Struct, frozen=True, kw_only=True):
    """``level`` is what the learner said, until a Qari has heard him (``heard_by``)."""

    learner_id: UserId
    level: ReadingLevel
    goals: tuple[Goal, ...]
    memorized: tuple[Portion, ...]
    birth_date: date
    match: Match
    placed_at: datetime
    heard_by: UserId | None = None

    def heard(self, level: ReadingLevel, *, by: UserId, at: datetime) -> "Placement":
        return msgspec.structs.replace(self, level=level, heard_by=by, placed_at=at)


def placed(learner_id: UserId, form: LearnerForm, *, at: datetime) -> Placement:
    """From a complete form. Raises Incomplete."""
    if form.level is None or form.birth_date is None:
        raise Incomplete("some answers are missing", missing=["level", "birth_date"])
    juz = sorted(set(form.memorized_juz))
    portions = [Portion(juz=number) for number in juz]
    portions += [Portion(surah=number) for number in sorted(set(form.memorized_surahs))]
    return Placement(
        learner_id=learner_id,
        level=form.level,
        goals=form.goals,
        memorized=tuple(portions),
        birth_date=form.birth_date,
        match=Match(qari_gender=form.qari_gender, language=form.language, zone=form.zone or "UTC"),
        placed_at=at,
    )
