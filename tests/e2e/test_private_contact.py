"""No address of the product tells one side of a lesson the other side's e-mail or telephone. (SAFE-06)"""

import re
from datetime import date
from typing import Any, Final
from uuid import UUID

import msgspec

from adapters.system import SystemClock, new_id
from domain.identity.permission import GRANTS, Audience, Permission, Role
from domain.ids import ClearanceId, UserId
from domain.onboarding.clearance import Clearance, ClearanceKind
from entrypoints.docs import Route, bare_app, routes_of
from support.school import a_day_ahead, book_and_pay, until_status
from support.system import Person
from support.town import Town, unit_on

CHILD: Final = {"name": "Yusuf", "birth_date": f"{date.today().year - 9}-02-03", "gender": "male"}  # noqa: DTZ011
TELEPHONES: Final = {"student": "+442070000001", "guardian": "+442070000002", "qari": "+922100000003"}
QUERY: Final = {"since": "2026-01-01T00:00:00Z", "until": "2026-02-01T00:00:00Z"}


async def test_no_route_gives_one_role_anothers_address_or_number(town: Town) -> None:
    student, qari, guardian = await town.student(), await town.qari(), await town.guardian()
    people = {"student": student, "guardian": guardian, "qari": qari}
    await _with_telephones(town, people)
    await _cleared(town, qari)
    child = (await guardian.post("/api/v1/children", CHILD, key="child")).json()["child_id"]
    start = a_day_ahead(3)
    body = {"qari_id": qari.user_id, "starts_at": start.isoformat(), "minutes": 30, "learner_id": child}
    held = await guardian.post("/api/v1/bookings", body, key="lesson")
    assert held.status_code == 201, held.text
    checkout = await book_and_pay(student, qari, a_day_ahead(4))
    await until_status(student, checkout["booking_id"], "confirmed")
    ids: dict[str, list[str]] = {
        "booking_id": [held.json()["id"], checkout["booking_id"]],
        "payment_id": [checkout["payment_id"]],
        "qari_id": [qari.user_id],
        "child_id": [child],
    }
    secrets = {name: (person.email, TELEPHONES[name]) for name, person in people.items()}

    told, walked = [], 0
    for route in routes_of(bare_app(Audience.MAIN)):
        for reader, person in people.items():
            if route.method != "GET" or not _open_to(route, Role(reader)):
                continue
            for path in _addresses(route, ids):
                answer = await person.http.get(
                    path, params=QUERY, headers={"accept": "text/html" if not path.startswith("/api") else "*/*"}
                )
                walked += answer.status_code == 200
                others = [secret for name, pair in secrets.items() if name != reader for secret in pair]
                told += [(reader, path, secret) for secret in others if secret in answer.text]
    assert not told
    assert walked > 40, walked
    assert not any(secret in held.text for secret in secrets["qari"])


def _open_to(route: Route, role: Role) -> bool:
    return route.needs is Permission.NOTHING or route.needs in GRANTS[Audience.MAIN][role]


def _addresses(route: Route, ids: dict[str, list[str]]) -> list[str]:
    """With every known id that its place in the address asks for."""
    found = [route.path]
    for name in re.findall(r"\{(\w+):[^}]*\}", route.path):
        known = ids.get(name, ["01980000-0000-7000-8000-000000000001"])
        found = [re.sub(rf"\{{{name}:[^}}]*\}}", one, path) for path in found for one in known]
    return found


async def _with_telephones(town: Town, people: dict[str, Person]) -> None:
    async with unit_on(town.database_url) as unit:
        for name, person in people.items():
            user: Any = await unit.users.get(UserId(UUID(person.user_id)))
            await unit.users.save(msgspec.structs.replace(user, phone=TELEPHONES[name], version=user.version + 1))
        await unit.commit()


async def _cleared(town: Town, qari: Person) -> None:
    async with unit_on(town.database_url) as unit:
        await unit.clearances.add(
            Clearance(
                id=ClearanceId(new_id()),
                qari_id=UserId(UUID(qari.user_id)),
                kind=ClearanceKind.BACKGROUND_CHECK,
                issued_on=date(2026, 1, 1),
                expires_on=None,
                reference="",
                recorded_by=UserId(new_id()),
                recorded_at=SystemClock().now(),
            )
        )
        await unit.commit()
