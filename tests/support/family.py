"""A guardian with a child at the small school of ``support.lessons``."""

from datetime import date
from typing import Any, Final

import msgspec

from domain.booking.policy import PolicyRow
from domain.booking.rules import SAFEGUARDING, MatchWish, Safeguarding
from domain.identity.actor import Actor
from domain.identity.permission import Audience, Role
from domain.onboarding.consent import CONSENT_POLICIES, ConsentKind, ConsentText
from domain.scheduling.qari import Gender
from fakes.clock import NOON
from fakes.guardians import CHILD, GUARDIAN, a_clearance, a_guardianship
from fakes.identity import a_user
from ports.unit_of_work import NewUnit
from support.lessons import School

PARENT: Final = Actor(user_id=GUARDIAN, role=Role.GUARDIAN, audience=Audience.MAIN)
CHILD_ITSELF: Final = Actor(user_id=CHILD, role=Role.STUDENT, audience=Audience.MAIN)
TEN_YEARS_AGO: Final = date(NOON.year - 10, 1, 15)


class Family(School):
    """``settle`` moves the guardian, the child and the Qari's clearance in."""

    async def settle(self, *, cleared: bool = True, born: date = TEN_YEARS_AGO, **guardianship: Any) -> "Family":
        await self.open()
        async with self.new_unit() as unit:
            await unit.users.add(a_user(number=2, id=GUARDIAN, name="Khadija Khan", roles=frozenset({Role.GUARDIAN})))
            await unit.users.add(a_user(number=3, id=CHILD, name="Yusuf Khan", email="", birth_date=born))
            await unit.guardianships.add(a_guardianship(**guardianship))
            await unit.qaris.set_learner_gender(CHILD, Gender.MALE)
            if cleared:
                await unit.clearances.add(a_clearance())
            await unit.commit()
        return self

    async def wishes(self, **wish: Any) -> None:
        async with self.new_unit() as unit:
            await unit.learners.set_wish(CHILD, MatchWish(**wish))
            await unit.commit()

    async def rules(self, **rules: Any) -> None:
        await put_policy(self.new_unit, SAFEGUARDING, Safeguarding(**rules))

    async def asks_for(self, kind: ConsentKind, body: str = "Be kind.") -> None:
        await put_policy(self.new_unit, CONSENT_POLICIES[kind], ConsentText(title="Terms", body=body))


async def put_policy(new_unit: NewUnit, kind: str, policy: msgspec.Struct) -> None:
    async with new_unit() as unit:
        row = await unit.policies.current(kind, NOON)
        version = row.version + 1 if row is not None else 1
        body = msgspec.json.encode(policy).decode()
        await unit.policies.add(PolicyRow(kind=kind, version=version, body=body, effective_from=NOON, created_by=None))
        await unit.commit()
