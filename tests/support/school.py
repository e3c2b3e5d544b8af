"""The steps of the path through the running system, as tests take them: book, pay, look."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from support.system import Person, System, eventually

GOOD_CARD = "4242424242424242"
SANDBOX_KEY = "development-only-sandbox-key-of-nobody"


def a_day_ahead(days: int = 2, hour: int = 9, minute: int = 0) -> datetime:
    day = datetime.now(UTC) + timedelta(days=days)
    return day.replace(hour=hour, minute=minute, second=0, microsecond=0)


async def hold(student: Person, qari: Person, start: datetime, minutes: int = 30, **more: Any) -> dict[str, Any]:
    body = {"qari_id": qari.user_id, "starts_at": start.isoformat(), "minutes": minutes, **more}
    answer = await student.post("/api/v1/bookings", body, key=secrets.token_hex(8))
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def open_checkout(student: Person, booking_id: str) -> dict[str, Any]:
    answer = await student.post("/api/v1/checkouts", {"booking_id": booking_id}, key=secrets.token_hex(8))
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def fill_in_card(url: str, number: str = GOOD_CARD) -> httpx.Response:
    """On the provider's page, as a payer would."""
    async with httpx.AsyncClient(timeout=30) as browser:
        answer = await browser.post(url, data={"number": number, "expiry": "04 / 40", "cvc": "123"})
    assert answer.status_code == 303, answer.text
    return answer


async def book_and_pay(student: Person, qari: Person, start: datetime, minutes: int = 30) -> dict[str, Any]:
    """The checkout; its money is on the way."""
    booking = await hold(student, qari, start, minutes)
    checkout = await open_checkout(student, booking["id"])
    await fill_in_card(checkout["url"])
    return {**checkout, "booking_id": booking["id"]}


async def lesson(person: Person, booking_id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await person.get(f"/api/v1/bookings/{booking_id}"))["lesson"]
    return found


async def until_status(person: Person, booking_id: str, status: str, *, within_s: float = 25.0) -> dict[str, Any]:
    return await eventually(
        lambda: lesson(person, booking_id), lambda found: found["status"] == status, within_s=within_s
    )


async def mails_to(admin: Person, address: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await admin.get("/api/v1/mailbox", to=address))["items"]
    return found


async def set_faults(system: System, **faults: Any) -> None:
    """What is not named is switched off."""
    headers = {"authorization": f"Bearer {SANDBOX_KEY}"}
    async with httpx.AsyncClient(base_url=system.urls["sandbox"], headers=headers, timeout=10) as operator:
        answer = await operator.post("/control/faults", json=faults)
    assert answer.status_code == 200, answer.text
