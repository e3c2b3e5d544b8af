"""What must not be found where it does not belong: in the database, in the logs."""

import re
from uuid import UUID

import asyncpg

from adapters.meetings.jitsi import JitsiMeetings
from domain.ids import UserId
from domain.time import TimeSlot
from entrypoints.settings import load
from ports.scheduling.meetings import MeetingRequest
from support.school import a_day_ahead, book_and_pay, until_status
from support.system import eventually
from support.town import PASSWORD, Town

CNIC, TELEPHONE = "35202-1234567-1", "+923001234567"


async def everything_in(url: str) -> str:
    """All rows of all tables as text, the way a dump would hold them."""
    connection = await asyncpg.connect(url.replace("postgresql+asyncpg://", "postgresql://", 1))
    try:
        tables = await connection.fetch(
            "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables "
            "WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        rows = [
            str(row["row"])
            for table in tables
            for row in await connection.fetch(f"SELECT t::text AS row FROM {table['name']} AS t")  # noqa: S608
        ]
    finally:
        await connection.close()
    return "\n".join(rows)


async def test_a_dump_of_the_database_opens_no_class_and_no_account(town: Town) -> None:
    # LIVE-11, ID-01
    qari, student = await town.qari(), await town.student()
    paid = await book_and_pay(student, qari, a_day_ahead())
    await until_status(student, paid["booking_id"], "confirmed")

    made = await eventually(
        lambda: everything_in(town.database_url), lambda seen: f"{paid['booking_id']},jitsi" in seen.replace('"', "")
    )
    settings = load({})
    provider = JitsiMeetings(base_url=settings.jitsi_url, room_secret=settings.secret_key, app_id="", app_secret="")
    slot = TimeSlot.lasting(a_day_ahead(), 30)
    asked = MeetingRequest(
        lesson_id=UUID(paid["booking_id"]), slot=slot, qari_id=UserId(UUID(qari.user_id)), title="A lesson"
    )
    room = await provider.create(asked)

    dump = await everything_in(town.database_url)

    assert made
    assert room not in dump
    assert room.encode().hex() not in dump  # as a column of bytes is shown
    assert "meet.jit.si" not in dump
    assert PASSWORD not in dump
    assert student.token not in dump


async def test_the_logs_name_nobody_and_hold_no_secret(town: Town) -> None:
    # OPS-08: sign-up, sign-in, booking, payment, webhook and mail have all been logged
    qari, student = await town.qari(), await town.student()
    paid = await book_and_pay(student, qari, a_day_ahead(days=6))
    await until_status(student, paid["booking_id"], "confirmed")
    for private in (CNIC, TELEPHONE, student.email):
        for path in ("/qaris", "/api/v1/qaris", "/reset-password", f"/nowhere/{private}"):
            await student.http.get(path, params={"text": private, "token": private, "cursor": private})
        await student.http.post("/api/v1/auth/sign-in", json={"email": private, "password": private})
        await student.http.post("/api/v1/auth/refresh", json={"refresh_token": f"hm_{private}"})

    logs = town.system.logs()

    assert "/api/v1/checkouts" in logs
    for secret in (
        student.token,
        student.email,
        qari.email,
        PASSWORD,
        CNIC,
        TELEPHONE,
        "4242424242424242",
        "development-only-",
    ):
        assert secret not in logs
    assert re.search(r"[\w.+-]+@[\w-]+\.example", logs) is None
