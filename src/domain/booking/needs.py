"""The rules of a match, turned round: which Qaris a learner can book at all; a search shows no others. (DISC-12)

``breaches`` stays the judge; this is what it comes to before a Qari is chosen.
"""

import msgspec

from domain.booking.rules import MatchWish, Safeguarding, SameGender
from domain.onboarding.clearance import ClearanceKind
from domain.scheduling.qari import Gender


class Needs(msgspec.Struct, frozen=True, kw_only=True):
    """``learner_gender``: only Qaris who teach it. ``qari_genders``: None for any, empty where wish and school leave
    nobody. ``languages``: one of them, if any are named. ``clearances``: all of them.
    """

    learner_gender: Gender | None = None
    qari_genders: tuple[Gender, ...] | None = None
    languages: tuple[str, ...] = ()
    clearances: tuple[ClearanceKind, ...] = ()


def needs_of(gender: Gender | None, wish: MatchWish, rules: Safeguarding, *, is_minor: bool) -> Needs:
    """Where the gender is not known, nobody is left out for it: it is asked for when a lesson is booked."""
    allowed = set(Gender)
    if wish.qari_gender is not None:
        allowed &= {wish.qari_gender}
    same = rules.same_gender is SameGender.ALL or (rules.same_gender is SameGender.MINORS and is_minor)
    if same and gender is not None:
        allowed &= {gender}
    return Needs(
        learner_gender=gender,
        qari_genders=None if allowed == set(Gender) else tuple(sorted(allowed)),
        languages=wish.languages,
        clearances=tuple(sorted(set(rules.clearances))) if is_minor else (),
    )
