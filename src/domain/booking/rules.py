"""Who may teach whom: the academy's rules, asked on every way to a lesson and nowhere else. (DISC-12, SAFE-01…03)

``breaches`` is the one list of rules. ``application.booking.rules`` gathers what it needs to know; a lesson that takes
a time without coming through there is a mistake, and the property test over all booking paths finds it.
"""

from collections.abc import Callable
from datetime import date
from enum import StrEnum
from typing import Annotated, Final

import msgspec

from domain.booking.policy import PolicyRow
from domain.errors import DomainError, Invalid
from domain.identity.age import MAJORITY_YEARS
from domain.identity.guardianship import GuardianNeeded, Guardianship, Right
from domain.onboarding.clearance import Clearance, ClearanceKind, NotCleared, missing_on
from domain.scheduling.qari import Gender, LearnerNotTaught, QariProfile

SAFEGUARDING: Final = "safeguarding"
"""The kind under which these rules are stored."""


class NotWished(Invalid):
    """The learner, or the guardian for him, has chosen another kind of Qari. ``rule``: ``gender`` or ``language``."""

    code = "qari_not_wished"


class SameGenderOnly(Invalid):
    code = "same_gender_only"


class NoGuardianToAttend(Invalid):
    """The academy wants a guardian beside the child, and none of his may enter the class."""

    code = "no_guardian_to_attend"


class SameGender(StrEnum):
    """For whom learner and Qari have to be of one gender."""

    OFF = "off"
    MINORS = "minors"
    ALL = "all"


class Safeguarding(msgspec.Struct, frozen=True, kw_only=True):
    """``clearances``: what a Qari needs before he is given new lessons with minors. ``guardian_present``: a guardian
    sits beside the child; whether he did is kept with the lesson.
    """

    same_gender: SameGender = SameGender.OFF
    guardian_present: bool = False
    majority_years: Annotated[int, msgspec.Meta(ge=12, le=25)] = MAJORITY_YEARS
    clearances: tuple[ClearanceKind, ...] = (ClearanceKind.BACKGROUND_CHECK,)


def read_safeguarding(row: PolicyRow | None) -> Safeguarding:
    return Safeguarding() if row is None else msgspec.json.decode(row.body, type=Safeguarding)


class MatchWish(msgspec.Struct, frozen=True, kw_only=True):
    """What a learner, or his guardian, insists on. ``languages`` are ISO 639 codes: the Qari speaks one of them."""

    qari_gender: Gender | None = None
    languages: tuple[str, ...] = ()


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """One learner and one Qari, and all that the rules look at. ``guardians``: those that are active. ``today`` where
    the Qari lives.
    """

    qari: QariProfile
    learner_gender: Gender | None
    is_minor: bool
    wish: MatchWish
    guardians: tuple[Guardianship, ...]
    clearances: tuple[Clearance, ...]
    rules: Safeguarding
    today: date


def guardian_of_record(match: Match) -> DomainError | None:
    if match.is_minor and not any(each.of_record and each.is_active for each in match.guardians):
        return GuardianNeeded("a minor needs a guardian of record first", rule="guardian")
    return None


def taught_by_him(match: Match) -> DomainError | None:
    try:
        match.qari.require_learner(match.learner_gender)
    except LearnerNotTaught as refused:
        return refused
    return None


def wished_gender(match: Match) -> DomainError | None:
    if match.wish.qari_gender in (None, match.qari.gender):
        return None
    return NotWished("this learner is taught by Qaris of the other gender only", field="qari_id", rule="gender")


def wished_language(match: Match) -> DomainError | None:
    if not match.wish.languages or set(match.wish.languages) & set(match.qari.languages):
        return None
    return NotWished(
        "this Qari speaks none of the learner's languages",
        field="qari_id",
        rule="language",
        languages=list(match.wish.languages),
    )


def same_gender(match: Match) -> DomainError | None:
    concerned = match.rules.same_gender is SameGender.ALL or (
        match.rules.same_gender is SameGender.MINORS and match.is_minor
    )
    if not concerned or match.learner_gender is match.qari.gender:
        return None
    if match.learner_gender is None:
        return SameGenderOnly(
            "the school needs to know whether the learner is male or female", field="gender", rule="same_gender"
        )
    return SameGenderOnly("the school has learner and Qari of one gender", field="qari_id", rule="same_gender")


def cleared(match: Match) -> DomainError | None:
    if not match.is_minor:
        return None
    missing = missing_on(match.today, match.clearances, match.rules.clearances)
    if not missing:
        return None
    return NotCleared(
        "this Qari may not be given new lessons with children at present",
        field="qari_id",
        rule="clearance",
        missing=[kind.value for kind in missing],
    )


def guardian_can_attend(match: Match) -> DomainError | None:
    if not match.is_minor or not match.rules.guardian_present:
        return None
    if any(each.gives(Right.JOIN) for each in match.guardians):
        return None
    return NoGuardianToAttend("no guardian of this child may enter the class", rule="guardian_present")


Rule = Callable[[Match], DomainError | None]
NEVER_OVERRIDDEN: Final[tuple[Rule, ...]] = (guardian_of_record,)
OVERRIDABLE: Final[tuple[Rule, ...]] = (
    taught_by_him,
    wished_gender,
    wished_language,
    same_gender,
    cleared,
    guardian_can_attend,
)


def breaches(match: Match, *, overridden: bool = False) -> list[DomainError]:
    """Every rule that this match is against. ``overridden``: a member of staff has answered for it, with a reason."""
    rules = NEVER_OVERRIDDEN if overridden else NEVER_OVERRIDDEN + OVERRIDABLE
    return [found for rule in rules if (found := rule(match)) is not None]
