"""A Qari as the school shows him: whom he teaches, in which languages and readings, and what a lesson costs."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

import msgspec

from domain.errors import Invalid
from domain.ids import UserId
from domain.money import Money
from domain.scheduling.subject import ReadingLevel, Subject
from domain.time import zone_of


class Gender(StrEnum):
    MALE = "male"
    FEMALE = "female"


class Riwayah(StrEnum):
    """The twenty transmissions, two of each of the ten readers."""

    QALUN = "qalun"
    WARSH = "warsh"
    BAZZI = "bazzi"
    QUNBUL = "qunbul"
    DURI_ABU_AMR = "duri_abu_amr"
    SUSI = "susi"
    HISHAM = "hisham"
    IBN_DHAKWAN = "ibn_dhakwan"
    SHUBAH = "shubah"
    HAFS = "hafs"
    KHALAF_HAMZAH = "khalaf_hamzah"
    KHALLAD = "khallad"
    ABU_AL_HARITH = "abu_al_harith"
    DURI_KISAI = "duri_kisai"
    IBN_WARDAN = "ibn_wardan"
    IBN_JAMMAZ = "ibn_jammaz"
    RUWAYS = "ruways"
    RAWH = "rawh"
    ISHAQ = "ishaq"
    IDRIS = "idris"


class BookingMode(StrEnum):
    INSTANT = "instant"
    REQUEST = "request"


class LearnerNotTaught(Invalid):
    """The Qari does not teach learners of that gender, or the learner has not said which it is. (DISC-12)"""

    code = "learner_not_taught"


class NotOffered(Invalid):
    code = "lesson_not_offered"


MIN_LESSON_MIN: Final = 10
MAX_LESSON_MIN: Final = 240
LESSON_STEP_MIN: Final = 5
EVERYONE: Final = frozenset(Gender)


class LessonOffer(msgspec.Struct, frozen=True):
    """A lesson of that length at that price. A trial without a price is not offered; one at zero is free."""

    minutes: int
    price: Money
    trial_price: Money | None = None

    def __post_init__(self) -> None:
        if not MIN_LESSON_MIN <= self.minutes <= MAX_LESSON_MIN or self.minutes % LESSON_STEP_MIN:
            raise Invalid(
                "a lesson takes {least} to {most} minutes, in steps of {step}",
                least=MIN_LESSON_MIN,
                most=MAX_LESSON_MIN,
                step=LESSON_STEP_MIN,
                field="minutes",
            )
        if self.price.minor < 0 or (self.trial_price is not None and self.trial_price.minor < 0):
            raise Invalid("a price is not negative", field="price")
        if self.trial_price is not None and self.trial_price.currency != self.price.currency:
            raise Invalid("the trial is paid in the currency of the lesson", field="trial_price")


class QariProfile(msgspec.Struct, frozen=True, kw_only=True):
    """``languages`` are ISO 639 codes. Nobody finds or books a Qari who is not approved. ``request_holds_slot``: a
    pending request keeps the time from others. ``offers`` are ordered by length, one per length. Who has not named
    ``subjects`` or ``levels`` teaches all of them.
    """

    user_id: UserId
    name: str
    gender: Gender
    zone: str
    country: str
    languages: tuple[str, ...] = ()
    riwayat: tuple[Riwayah, ...] = (Riwayah.HAFS,)
    subjects: tuple[Subject, ...] = ()
    levels: tuple[ReadingLevel, ...] = ()
    teaches_genders: frozenset[Gender] = EVERYONE
    bio: str = ""
    approved: bool = False
    booking_mode: BookingMode = BookingMode.INSTANT
    request_holds_slot: bool = False
    offers: tuple[LessonOffer, ...] = ()

    def __post_init__(self) -> None:
        zone_of(self.zone)
        if not self.teaches_genders:
            raise Invalid("a Qari teaches somebody", field="teaches_genders")
        lengths = [offer.minutes for offer in self.offers]
        if lengths != sorted(set(lengths)):
            raise Invalid("offers are ordered by length, one for each", field="offers")
        if len({offer.price.currency for offer in self.offers}) > 1:
            raise Invalid("all lessons of a Qari are priced in one currency", field="offers")

    @property
    def bookable(self) -> bool:
        return self.approved and bool(self.offers)

    def offer_of(self, minutes: int) -> LessonOffer:
        """Raises NotOffered."""
        for offer in self.offers:
            if offer.minutes == minutes:
                return offer
        raise NotOffered(
            "{name} gives no lessons of {minutes} minutes",
            name=self.name,
            minutes=minutes,
            field="minutes",
            offered=[offer.minutes for offer in self.offers],
        )

    def require_learner(self, gender: Gender | None) -> None:
        """Raises LearnerNotTaught. Unknown passes only where everybody would. (DISC-12)"""
        if self.teaches_genders == EVERYONE or gender in self.teaches_genders:
            return
        if gender is None:
            raise LearnerNotTaught(
                "{name} needs to know whether the learner is male or female",
                name=self.name,
                field="gender",
                rule="gender",
            )
        raise LearnerNotTaught(
            "{name} does not teach {gender} learners",
            name=self.name,
            gender=str(gender),
            field="qari_id",
            rule="gender",
        )

    def offering(self, offers: Iterable[LessonOffer]) -> "QariProfile":
        """The profile with these offers. Raises Invalid for two of one length or for several currencies."""
        return msgspec.structs.replace(self, offers=tuple(sorted(offers, key=lambda offer: offer.minutes)))
