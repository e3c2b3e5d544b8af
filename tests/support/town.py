"""People for the tests of the running system. None of them keeps quiet hours: mails come whatever the time of day."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx

from adapters.persistence.engine import new_engine
from adapters.system import SystemClock, new_id
from domain.identity.permission import Role
from domain.identity.user import SELF_CHOSEN, Onboarding, User
from domain.ids import UserId
from domain.money import Money
from domain.scheduling.calendar import Calendar, Limits, WallRange, WeeklyRule
from domain.scheduling.qari import Gender, LessonOffer, QariProfile, Riwayah
from ports.unit_of_work import UnitOfWork
from support.system import Person, System
from support.units import postgres_units

PASSWORD = "a long enough password"
TWELVE_DOLLARS = Money(1200, "USD")
AT_ONCE = Limits(min_notice_min=0)
ALWAYS = tuple(WeeklyRule(weekday, WallRange(0, 24 * 60)) for weekday in range(7))


class Town:
    """Makes people, the way onboarding and the command line would, and signs them in over HTTP."""

    def __init__(self, system: System, database_url: str, password_hash: str) -> None:
        self.system, self.database_url, self._hash = system, database_url, password_hash
        self._people: list[Person] = []

    async def close(self) -> None:
        for person in self._people:
            await person.http.aclose()

    async def student(self, name: str = "Maryam", zone: str = "Europe/London") -> Person:
        student = await self.newcomer(Role.STUDENT, name, zone)
        await self.onboard(student, name, zone)
        return student

    async def newcomer(self, role: Role, name: str = "Maryam", zone: str = "Europe/London") -> Person:
        """Has an account, and nothing but a draft of an application."""
        email = f"{new_id()}@student.example"
        body = {"email": email, "name": name, "password": PASSWORD, "zone": zone, "role": role.value}
        async with httpx.AsyncClient(base_url=self.system.urls["main"], timeout=30) as client:
            answer = await client.post("/api/v1/auth/register", json=body)
            assert answer.status_code == 201, answer.text
        return await self._sign_in("main", email)

    @staticmethod
    async def onboard(student: Person, name: str = "Maryam", zone: str = "Europe/London") -> None:
        """Nobody books before he is let in; a complete student is let in at once. (ONB-05)"""
        form = {
            "name": name, "birth_date": "1996-02-29", "gender": "female", "level": "slowly", "goals": ["tajwid"],
            "language": "en", "zone": zone,
        }  # fmt: skip
        path = "/api/v1/onboarding/application"
        saved = await student.http.put(f"{path}/learner", json=form)
        assert saved.status_code == 200, saved.text
        submitted = await student.http.post(f"{path}/submit")
        assert submitted.json()["status"] == "approved", submitted.text

    async def guardian(self, name: str = "Khadija") -> Person:
        user = await self._account(name, frozenset({Role.GUARDIAN}), "Europe/London")
        return await self._sign_in("main", user.email)

    async def staff(self, role: Role) -> Person:
        user = await self._account(f"{role} person", frozenset({role}), "UTC")
        return await self._sign_in("admin", user.email)

    async def qari(
        self,
        *,
        name: str = "Qari Abdullah",
        zone: str = "Asia/Karachi",
        price: Money = TWELVE_DOLLARS,
        limits: Limits = AT_ONCE,
        change: Callable[[QariProfile], QariProfile] = lambda profile: profile,
    ) -> Person:
        """Teaches day and night."""
        user = await self._account(name, frozenset({Role.QARI}), zone)
        profile = QariProfile(
            user_id=user.id,
            name=name,
            gender=Gender.MALE,
            zone=zone,
            country="PK",
            languages=("en", "ur"),
            riwayat=(Riwayah.HAFS,),
            approved=True,
            offers=(LessonOffer(30, price, Money.zero(price.currency)), LessonOffer(60, price + price)),
        )
        async with unit_on(self.database_url) as unit:
            await unit.qaris.add(change(profile))
            await unit.availability.save(Calendar(qari_id=user.id, zone=zone, rules=ALWAYS, limits=limits))
            await unit.commit()
        return await self._sign_in("main", user.email)

    async def _account(self, name: str, roles: frozenset[Role], zone: str) -> User:
        user = User(
            id=UserId(new_id()),
            email=f"{new_id()}@people.example",
            name=name,
            password_hash=self._hash,
            roles=roles,
            zone=zone,
            onboarding=dict.fromkeys(roles & SELF_CHOSEN, Onboarding.APPROVED),
            email_verified_at=SystemClock().now(),
            created_at=SystemClock().now(),
        )
        async with unit_on(self.database_url) as unit:
            await unit.users.add(user)
            await unit.commit()
        return user

    async def _sign_in(self, door: str, email: str) -> Person:
        async with httpx.AsyncClient(base_url=self.system.urls[door], timeout=30) as client:
            answer = await client.post("/api/v1/auth/sign-in", json={"email": email, "password": PASSWORD})
            assert answer.status_code == 200, answer.text
            token = answer.json()["token"]
            me = await client.get("/api/v1/me", headers={"authorization": f"Bearer {token}"})
            awake = {"quiet_from": None, "quiet_until": "07:00"}
            bearer = {"authorization": f"Bearer {token}"}
            chosen = await client.put("/api/v1/my/message-preferences", json=awake, headers=bearer)
            assert chosen.status_code == (200 if door == "main" else 404), chosen.text
        person = Person(self.system.urls[door], token, me.json()["id"], email)
        self._people.append(person)
        return person


@asynccontextmanager
async def unit_on(url: str) -> AsyncIterator[UnitOfWork]:
    """On an engine of its own, which goes with it: fixtures and tests run in different event loops."""
    engine = new_engine(url, pool_size=2, name="halaqa-e2e")
    try:
        async with postgres_units(engine)() as unit:
            yield unit
    finally:
        await engine.dispose()
