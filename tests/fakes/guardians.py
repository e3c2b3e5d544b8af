"""Guardianships, learners' facts, clearances and consents in memory, and builders."""

from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from domain.booking.policy import PolicyRow
from domain.booking.rules import MatchWish
from domain.errors import NotFound, StaleWrite
from domain.identity.guardianship import (
    ALL_RIGHTS,
    OPEN,
    AlreadyGuardian,
    Guardianship,
    GuardianshipStatus,
    Right,
)
from domain.ids import ClearanceId, GuardianshipId, UserId
from domain.onboarding.clearance import Clearance, ClearanceKind
from domain.onboarding.consent import CONSENT_POLICIES, Acceptance, ConsentDocument, ConsentText
from fakes.clock import NOON
from fakes.scheduling import QARI
from fakes.unit import MemoryStore
from ports.identity.guardians import GuardianView, LearnerFacts, WardView
from ports.onboarding.safety import FlaggedLesson, QariClearance

GUARDIAN: Final = UserId(UUID("01980000-0000-7000-8000-00000000dddd"))
CHILD: Final = UserId(UUID("01980000-0000-7000-8000-00000000eeee"))


def a_guardianship(**given: Any) -> Guardianship:
    fields: dict[str, Any] = {
        "id": GuardianshipId(UUID(int=0x01980000_0000_7000_A000_000000000000 + given.pop("number", 1))),
        "guardian_id": GUARDIAN,
        "child_id": CHILD,
        "rights": ALL_RIGHTS,
        "of_record": True,
        "status": GuardianshipStatus.ACTIVE,
        "created_by": GUARDIAN,
        "created_at": NOON,
    }
    return Guardianship(**(fields | given))


def a_clearance(**given: Any) -> Clearance:
    fields: dict[str, Any] = {
        "id": ClearanceId(UUID(int=0x01980000_0000_7000_B000_000000000000 + given.pop("number", 1))),
        "qari_id": QARI,
        "kind": ClearanceKind.BACKGROUND_CHECK,
        "issued_on": date(2025, 1, 1),
        "expires_on": date(2028, 1, 1),
        "reference": "file 12",
        "recorded_by": UserId(UUID(int=9)),
        "recorded_at": NOON,
    }
    return Clearance(**(fields | given))


class MemoryGuardianships:
    def __init__(self, shelf: dict[GuardianshipId, Guardianship], users: dict[UserId, Any]) -> None:
        self._shelf, self._users = shelf, users

    async def get(self, guardianship_id: GuardianshipId) -> Guardianship:
        if guardianship_id not in self._shelf:
            raise NotFound("there is no such guardianship")
        return self._shelf[guardianship_id]

    async def add(self, guardianship: Guardianship) -> None:
        if await self.between(guardianship.guardian_id, guardianship.child_id) is not None:
            raise AlreadyGuardian("this person is a guardian of the child already, or has been asked")
        self._shelf[guardianship.id] = guardianship

    async def save(self, guardianship: Guardianship) -> None:
        known = self._shelf.get(guardianship.id)
        if known is None or known.version != guardianship.version - 1:
            raise StaleWrite("this guardianship has changed in between")
        self._shelf[guardianship.id] = guardianship

    async def of_child(self, child_id: UserId) -> Sequence[Guardianship]:
        return self._sorted(lambda each: each.child_id == child_id)

    async def of_guardian(self, guardian_id: UserId) -> Sequence[Guardianship]:
        return self._sorted(lambda each: each.guardian_id == guardian_id)

    async def between(self, guardian_id: UserId, child_id: UserId) -> Guardianship | None:
        found = self._sorted(lambda each: (each.guardian_id, each.child_id) == (guardian_id, child_id))
        return next((each for each in found if each.status in OPEN), None)

    async def lock_child(self, child_id: UserId) -> None:
        """One unit at a time anyway."""

    async def grown_up(self, born_until: date, limit: int) -> Sequence[Guardianship]:
        def due(each: Guardianship) -> bool:
            child = self._users.get(each.child_id)
            born = child.birth_date if child is not None else None
            return each.status in OPEN and born is not None and born <= born_until

        return self._sorted(due)[:limit]

    def _sorted(self, keep: Callable[[Guardianship], bool]) -> list[Guardianship]:
        found = [each for each in self._shelf.values() if keep(each)]
        return sorted(found, key=lambda each: (each.created_at, each.id))


class MemoryLearners:
    """``users`` and ``genders`` are the shelves of accounts and of what learners have said."""

    def __init__(self, wishes: dict[UserId, MatchWish], users: dict[UserId, Any], genders: dict[UserId, Any]) -> None:
        self._wishes, self._users, self._genders = wishes, users, genders

    async def facts(self, learner_id: UserId) -> LearnerFacts:
        user = self._users.get(learner_id)
        return LearnerFacts(
            birth_date=user.birth_date if user is not None else None,
            zone=user.zone if user is not None else "UTC",
            gender=self._genders.get(learner_id),
            wish=self._wishes.get(learner_id, MatchWish()),
        )

    async def set_wish(self, learner_id: UserId, wish: MatchWish) -> None:
        self._wishes[learner_id] = wish


class MemoryClearances:
    def __init__(self, shelf: dict[ClearanceId, Clearance]) -> None:
        self._shelf = shelf

    async def get(self, clearance_id: ClearanceId) -> Clearance:
        if clearance_id not in self._shelf:
            raise NotFound("there is no such clearance")
        return self._shelf[clearance_id]

    async def of_qari(self, qari_id: UserId) -> Sequence[Clearance]:
        found = [each for each in self._shelf.values() if each.qari_id == qari_id]
        return sorted(found, key=lambda each: (each.recorded_at, each.id), reverse=True)

    async def add(self, clearance: Clearance) -> None:
        self._shelf[clearance.id] = clearance

    async def save(self, clearance: Clearance) -> None:
        known = self._shelf.get(clearance.id)
        if known is None or known.version != clearance.version - 1:
            raise StaleWrite("this clearance has changed in between")
        self._shelf[clearance.id] = clearance


class MemoryConsents:
    """``policies`` is the shelf of versioned rules."""

    def __init__(self, shelf: dict[Any, Acceptance], policies: dict[tuple[str, int], PolicyRow]) -> None:
        self._shelf, self._policies = shelf, policies

    async def documents(self, at: datetime) -> Sequence[ConsentDocument]:
        found = []
        for kind, stored in CONSENT_POLICIES.items():
            rows = [row for row in self._policies.values() if row.kind == stored and row.effective_from <= at]
            if not rows:
                continue
            last = max(rows, key=lambda row: row.version)
            text = msgspec.json.decode(last.body, type=ConsentText)
            if text.is_asked:
                found.append(
                    ConsentDocument(kind=kind, version=last.version, text=text, effective_from=last.effective_from)
                )
        return found

    async def of_user(self, user_id: UserId) -> Sequence[Acceptance]:
        return [each for each in self._shelf.values() if each.user_id == user_id]

    async def add(self, acceptance: Acceptance) -> None:
        key = (acceptance.user_id, acceptance.child_id, acceptance.kind, acceptance.version)
        self._shelf.setdefault(key, acceptance)


class MemoryGuardianQueries:
    """Over a store's committed shelves; over nothing, nobody has children."""

    def __init__(self, store: MemoryStore | None = None) -> None:
        self._store = store or MemoryStore()

    async def wards(self, guardian_id: UserId) -> Sequence[WardView]:
        found = [self._ward(each) for each in self._open() if each.guardian_id == guardian_id]
        return sorted(found, key=lambda ward: (ward.name.lower(), ward.child_id))

    async def ward(self, guardian_id: UserId, child_id: UserId) -> WardView | None:
        return next((ward for ward in await self.wards(guardian_id) if ward.child_id == child_id), None)

    async def guardians(self, child_id: UserId) -> Sequence[GuardianView]:
        found = sorted(
            (e for e in self._open() if e.child_id == child_id), key=lambda e: (not e.of_record, e.created_at)
        )
        return [
            GuardianView(
                guardianship_id=each.id,
                guardian_id=each.guardian_id,
                name=self._store.shelf("users")[each.guardian_id].name,
                rights=tuple(sorted(each.rights)),
                of_record=each.of_record,
                status=each.status,
            )
            for each in found
        ]

    async def children_seen_by(self, guardian_id: UserId, right: Right) -> Sequence[UserId]:
        return [each.child_id for each in self._open() if each.guardian_id == guardian_id and each.gives(right)]

    def _open(self) -> list[Guardianship]:
        return [each for each in self._store.shelf("guardianships").values() if each.status in OPEN]

    def _ward(self, each: Guardianship) -> WardView:
        child = self._store.shelf("users")[each.child_id]
        return WardView(
            guardianship_id=each.id,
            child_id=child.id,
            name=child.name,
            zone=child.zone,
            birth_date=child.birth_date,
            gender=self._store.shelf("learner_genders").get(child.id),
            wish=self._store.shelf("learners").get(child.id, MatchWish()),
            rights=tuple(sorted(each.rights)),
            of_record=each.of_record,
            status=each.status,
            has_address=bool(child.email),
        )


class NoSafetyNews:
    """Nobody is cleared, nothing is flagged."""

    async def clearances(self, today: date) -> Sequence[QariClearance]:
        return []

    async def flagged(
        self, required: Collection[ClearanceKind], *, now: datetime, majority_years: int, limit: int = 200
    ) -> Sequence[FlaggedLesson]:
        return []


def build(part: str, shelf: Callable[[str], dict[Any, Any]]) -> Any:
    """For ``fakes.unit``."""
    if part == "guardianships":
        return MemoryGuardianships(shelf(part), shelf("users"))
    if part == "learners":
        return MemoryLearners(shelf(part), shelf("users"), shelf("learner_genders"))
    if part == "consents":
        return MemoryConsents(shelf(part), shelf("policies"))
    return MemoryClearances(shelf(part))
