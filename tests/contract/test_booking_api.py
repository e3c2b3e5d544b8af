"""Lessons over HTTP, down to PostgreSQL."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx import ASGITransport, AsyncClient
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.http.api.booking import CONTROLLERS_ADMIN, CONTROLLERS_MAIN
from adapters.http.idempotency import Once
from adapters.persistence.booking.queries import SqlBookingQueries
from adapters.persistence.idempotency import SqlIdempotency
from adapters.persistence.identity.guardians import SqlGuardianQueries
from adapters.system import new_id
from application.booking.answer_request import ApproveRequest, DeclineRequest
from application.booking.book_for_others import BookForOthers
from application.booking.cancel_booking import PreviewCancellation
from application.booking.hold_series import HoldSeries, PreviewSeries
from application.booking.record_outcome import RecordOutcome
from application.booking.reschedule_booking import AnswerProposal, PreviewReschedule, RescheduleBooking
from application.booking.see_lessons import ListMyLessons, SearchBookings, SeeAgenda, SeeDuties, SeeLesson
from domain.identity.permission import Audience, Role
from domain.ids import BookingId
from fakes.http import ADMIN_TOKEN, STUDENT_TOKEN, an_app, bearer, person, provided
from fakes.identity import a_user
from fakes.scheduling import QARI
from support.lessons import START, School, a_student
from support.units import postgres_units

pytestmark = pytest.mark.postgres
STUDENT = bearer(STUDENT_TOKEN)
ADMIN = bearer(ADMIN_TOKEN)
ORIGIN = "http://testserver.local"
URL = "/api/v1/bookings"
WISH = {"qari_id": str(QARI), "starts_at": START.isoformat(), "minutes": 30}


class House:
    """One school behind both doors."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.school = School(postgres_units(engine))
        self.queries, self.guardians = SqlBookingQueries(engine), SqlGuardianQueries(engine)
        self.idempotency = SqlIdempotency(engine)

    def app(self, audience: Audience) -> Any:
        units, clock, queries = self.school.new_unit, self.school.clock, self.queries
        cases: dict[str, Any] = {
            "once": Once(self.idempotency, clock, new_id),
            "hold_slot": self.school.hold_slot,
            "book_for_others": BookForOthers(units, clock),
            "cancel_booking": self.school.cancel,
            "preview_cancellation": PreviewCancellation(units, clock),
            "preview_series": PreviewSeries(units, clock),
            "hold_series": HoldSeries(units, clock),
            "approve_request": ApproveRequest(units, clock),
            "decline_request": DeclineRequest(units, clock),
            "preview_reschedule": PreviewReschedule(units, clock),
            "reschedule_booking": RescheduleBooking(units, clock),
            "answer_proposal": AnswerProposal(units, clock),
            "record_outcome": RecordOutcome(units, clock),
            "list_my_lessons": ListMyLessons(queries, clock, self.guardians),
            "see_lesson": SeeLesson(queries, self.guardians),
            "see_agenda": SeeAgenda(queries),
            "see_duties": SeeDuties(queries, clock),
            "search_bookings": SearchBookings(queries, clock),
            "join_lesson": None,
        }
        controllers = CONTROLLERS_MAIN if audience is Audience.MAIN else CONTROLLERS_ADMIN
        dependencies = {name: provided(case) for name, case in cases.items()}
        return an_app(controllers, audience=audience, dependencies=dependencies)


@pytest.fixture
async def house(database: AsyncEngine) -> House:
    house = House(database)
    await house.school.open()
    async with house.school.new_unit() as unit:
        student = person(Audience.MAIN, Role.STUDENT).user_id
        await unit.users.add(a_user(id=student, number=2, name="Amina Noor", zone="Europe/London"))
        await unit.users.add(a_user(id=QARI, number=3, name="Yusuf Rahman"))
        await unit.commit()
    return house


@pytest.fixture
async def main(house: House) -> AsyncIterator[AsyncClient]:
    # The app shares the test's loop, as its database connections do.
    async with AsyncClient(transport=ASGITransport(house.app(Audience.MAIN)), base_url=ORIGIN) as client:
        yield client


@pytest.fixture
async def admin(house: House) -> AsyncIterator[AsyncClient]:
    # The app shares the test's loop, as its database connections do.
    async with AsyncClient(transport=ASGITransport(house.app(Audience.ADMIN)), base_url=ORIGIN) as client:
        yield client


async def test_a_hold_is_answered_and_its_loser_told_where_to_go(house: House, main: AsyncClient) -> None:
    made = await main.post(URL, json=WISH, headers=STUDENT)
    assert made.status_code == 201
    assert (made.json()["status"], made.json()["price"]) == ("held", {"minor": 900, "currency": "USD"})

    await house.school.hold(a_student(1), START + timedelta(hours=1))
    taken = await main.post(URL, json=WISH | {"starts_at": (START + timedelta(hours=1)).isoformat()}, headers=STUDENT)
    assert taken.status_code == 409
    assert taken.json()["code"] == "slot_taken"
    assert taken.json()["next_free"][0] == (START + timedelta(minutes=90)).isoformat()


# API-07
async def test_a_key_makes_a_repeated_wish_one_booking(main: AsyncClient) -> None:
    headers = STUDENT | {"Idempotency-Key": "one"}
    first, again = [await main.post(URL, json=WISH, headers=headers) for _ in range(2)]

    assert first.json()["id"] == again.json()["id"]
    assert again.headers["idempotency-replayed"] == "true"


async def test_a_learner_sees_previews_and_cancels_his_lesson(house: House, main: AsyncClient) -> None:
    made = (await main.post(URL, json=WISH, headers=STUDENT)).json()
    async with house.school.new_unit() as unit:
        booking = await unit.bookings.get(BookingId(UUID(made["id"])))
    await house.school.pay(booking)

    mine = (await main.get(URL, headers=STUDENT)).json()
    assert [item["status"] for item in mine["items"]] == ["confirmed"]
    assert mine["items"][0]["qari"]["name"] == "Yusuf Rahman"
    detail = await main.get(f"{URL}/{booking.id}", headers=STUDENT)
    assert detail.json()["party"] == "learner"

    house.school.clock.set(START - timedelta(hours=5))
    terms = (await main.get(f"{URL}/{booking.id}/cancellation", headers=STUDENT)).json()
    assert terms["refund"] == {"minor": 450, "currency": "USD"}
    agreed = {"agreed_refund": terms["refund"], "reason": "ill"}
    done = await main.post(f"{URL}/{booking.id}/cancel", json=agreed, headers=STUDENT)
    assert done.status_code == 200
    assert done.json()["items"][0]["status"] == "cancelled"
    # BOOK-01
    assert (await main.post(f"{URL}/{booking.id}/cancel", json={}, headers=STUDENT)).status_code == 409


async def test_a_lesson_moves_over_http(house: House, main: AsyncClient) -> None:
    made = (await main.post(URL, json=WISH, headers=STUDENT)).json()
    async with house.school.new_unit() as unit:
        booking = await unit.bookings.get(BookingId(UUID(made["id"])))
    await house.school.pay(booking)
    to = (START + timedelta(hours=2)).isoformat()

    plan = await main.get(f"{URL}/{booking.id}/rescheduling", params={"starts_at": to}, headers=STUDENT)
    assert plan.json()["needs_consent"] is False
    moved = await main.post(f"{URL}/{booking.id}/reschedule", json={"starts_at": to}, headers=STUDENT)

    assert moved.status_code == 200
    assert (await house.school.get(booking)).slot.start == START + timedelta(hours=2)


# BOOK-12
async def test_a_series_lists_its_clashes(house: House, main: AsyncClient) -> None:
    wish = {
        "qari_id": str(QARI),
        "first_date": START.date().isoformat(),
        "wall": "13:00",
        "minutes": 30,
        "count": 4,
    }
    await house.school.hold(a_student(1), START + timedelta(weeks=1))

    plan = await main.post(f"{URL}/series/preview", json=wish, headers=STUDENT)
    assert [clash["reason"] for clash in plan.json()["clashes"]] == ["taken"]
    refused = await main.post(f"{URL}/series", json=wish, headers=STUDENT)
    assert (refused.status_code, refused.json()["code"]) == (409, "series_clash")
    skip = [{"local_date": plan.json()["clashes"][0]["local_date"]}]
    made = await main.post(f"{URL}/series", json=wish | {"choices": skip}, headers=STUDENT)
    assert (made.status_code, len(made.json()["items"])) == (201, 3)


async def test_a_stranger_and_a_bad_wish_are_refused(house: House, main: AsyncClient) -> None:
    others = await house.school.hold(a_student(1))

    assert (await main.post(URL, json=WISH)).status_code == 401
    assert (await main.get(f"{URL}/{others.id}/cancellation", headers=STUDENT)).status_code == 404
    naive = await main.post(URL, json=WISH | {"starts_at": "2026-07-17T12:00:00"}, headers=STUDENT)
    assert naive.status_code == 422
    assert (await main.get(f"{URL}/{UUID(int=404)}", headers=STUDENT)).status_code == 404


async def test_staff_search_and_cancel(house: House, main: AsyncClient, admin: AsyncClient) -> None:
    made = (await main.post(URL, json=WISH, headers=STUDENT)).json()

    found = await admin.get(URL, params={"status": "held", "text": "amina"}, headers=ADMIN)
    assert [item["id"] for item in found.json()["items"]] == [made["id"]]
    assert (await admin.get(URL, params={"text": "nobody"}, headers=ADMIN)).json()["items"] == []
    cancelled = await admin.post(f"{URL}/{made['id']}/cancel", json={"reason": "closed"}, headers=ADMIN)
    assert cancelled.json()["items"][0]["status"] == "cancelled"
