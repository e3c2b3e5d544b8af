"""A guardian with two children at the demo school, and what the school has seen of its Qaris."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from domain.identity.guardianship import ALL_RIGHTS, Guardianship, GuardianshipStatus
from domain.identity.permission import Role
from domain.identity.user import User
from domain.ids import ClearanceId, GuardianshipId, UserId
from domain.onboarding.clearance import Clearance, ClearanceKind
from domain.scheduling.qari import Gender
from entrypoints.seed.accounts import GUARDIAN
from entrypoints.seed.people import People, Student

RUNS_OUT_FOR_ONE_IN = 6


class Family(msgspec.Struct, frozen=True, kw_only=True):
    guardian: User
    children: tuple[tuple[User, Gender], ...]
    guardianships: tuple[Guardianship, ...]


def family(ids: Callable[[datetime], UUID], now: datetime, people: People) -> Family:
    """The password is the demo school's, as everybody's."""
    came = now - timedelta(days=120)
    guardian = User(
        id=UserId(ids(came)),
        email=GUARDIAN.email,
        name="Khadija Rahman",
        password_hash=people.users[0].password_hash,
        roles=frozenset({Role.GUARDIAN}),
        zone="Europe/London",
        email_verified_at=came,
        created_at=came,
    )
    told = (("Yusuf Rahman", Gender.MALE, 10), ("Aisha Rahman", Gender.FEMALE, 13))
    children = tuple((_child(ids, came, guardian, name, now.date(), age), gender) for name, gender, age in told)
    guardianships = tuple(
        Guardianship(
            id=GuardianshipId(ids(came)),
            guardian_id=guardian.id,
            child_id=child.id,
            rights=ALL_RIGHTS,
            of_record=True,
            status=GuardianshipStatus.ACTIVE,
            created_by=guardian.id,
            created_at=came,
        )
        for child, _ in children
    )
    return Family(guardian=guardian, children=children, guardianships=guardianships)


def pupils(family: Family) -> list[Student]:
    """The children as learners."""
    return [
        Student(user=child, gender=gender, languages=("en", "ur"), guardian=family.guardian)
        for child, gender in family.children
    ]


def _child(ids: Callable[[datetime], UUID], came: datetime, guardian: User, name: str, today: date, age: int) -> User:
    return User(
        id=UserId(ids(came)),
        email="",
        name=name,
        password_hash="",
        roles=frozenset({Role.STUDENT}),
        zone=guardian.zone,
        birth_date=date(today.year - age - 1, 6, 15),
        created_at=came,
    )


def clearances(ids: Callable[[datetime], UUID], now: datetime, people: People, by: UserId) -> list[Clearance]:
    """Everybody's background was checked; one in six checks runs out within the next weeks."""
    seen: list[Clearance] = []
    for number, teacher in enumerate(people.teachers):
        lasts = 10 if number % RUNS_OUT_FOR_ONE_IN == RUNS_OUT_FOR_ONE_IN - 1 else 500
        seen.append(
            Clearance(
                id=ClearanceId(ids(now - timedelta(days=90))),
                qari_id=teacher.user.id,
                kind=ClearanceKind.BACKGROUND_CHECK,
                issued_on=(now - timedelta(days=200)).date(),
                expires_on=(now + timedelta(days=lasts)).date(),
                reference=f"Cabinet 2, folder {number + 1}",
                recorded_by=by,
                recorded_at=now - timedelta(days=90),
            )
        )
    return seen


def clearance_row(clearance: Clearance) -> dict[str, Any]:
    return msgspec.structs.asdict(clearance) | {"kind": clearance.kind.value}
