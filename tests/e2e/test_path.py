"""A student finds a Qari, pays, and gets a lesson; and what happens when something on the way goes otherwise."""

import secrets
from datetime import timedelta

import httpx

from domain.identity.permission import Role
from support.school import (
    a_day_ahead,
    book_and_pay,
    fill_in_card,
    hold,
    lesson,
    mails_to,
    open_checkout,
    until_status,
)
from support.system import eventually
from support.town import Town


async def test_a_paid_slot_becomes_a_lesson_that_both_sides_are_told_of(town: Town) -> None:
    # BOOK-02, BOOK-05, PAYM-16, PAYM-17, NOTI-05, L10N-05
    qari, student = await town.qari(), await town.student(zone="America/Los_Angeles")
    admin = await town.staff(Role.ADMIN)
    start = a_day_ahead()
    slots = await student.get(
        f"/api/v1/qaris/{qari.user_id}/slots",
        **{"from": start.isoformat(), "to": (start + timedelta(hours=2)).isoformat(), "minutes": 30},
    )
    assert start.isoformat().replace("+00:00", "Z") in {slot["start"] for day in slots["days"] for slot in day["slots"]}

    paid = await book_and_pay(student, qari, start)

    confirmed = await until_status(student, paid["booking_id"], "confirmed")
    assert confirmed["price"] == {"minor": 1200, "currency": "USD"}
    payment = await student.get(f"/api/v1/payments/{paid['payment_id']}")
    assert payment["status"] == "captured"
    taught = await qari.get(
        "/api/v1/teaching/agenda", since=start.isoformat(), until=(start + timedelta(hours=1)).isoformat()
    )
    assert [one["id"] for one in taught["items"]] == [paid["booking_id"]]
    mine = await eventually(lambda: mails_to(admin, student.email), lambda mails: len(mails) >= 3)
    theirs = await eventually(lambda: mails_to(admin, qari.email), lambda mails: len(mails) >= 1)
    assert len(theirs) == 1
    assert len({mail["subject"] for mail in mine}) == len(mine)
    read = await admin.get(f"/api/v1/mailbox/{theirs[0]['id']}")
    assert "Karachi" in read["text"]
    assert "Los Angeles" in read["text"]
    assert f"/lessons/{paid['booking_id']}" in read["text"]
    assert [part["content_type"].split(";")[0] for part in read["attachments"]] == ["text/calendar"]
    books = await admin.get("/api/v1/ledger/check")
    assert [m for m in books["mismatches"] if paid["payment_id"] in str(m)] == []


async def test_coming_back_from_the_checkout_without_paying_changes_nothing(town: Town) -> None:
    # BOOK-02, PAYM-02: a forged success redirect
    qari, student = await town.qari(), await town.student()
    booking = await hold(student, qari, a_day_ahead())
    checkout = await open_checkout(student, booking["id"])
    async with httpx.AsyncClient(base_url=town.system.urls["main"], follow_redirects=True, timeout=10) as browser:
        await browser.get(f"/portal/checkout/{checkout['payment_id']}?paid=1")
        await browser.get(f"/portal/payments/{checkout['payment_id']}?status=succeeded")
        forged = await browser.post(
            "/webhooks/sandbox/school", content=b'{"id": "evt_1", "type": "checkout.succeeded"}'
        )

    assert forged.status_code == 400
    assert (await lesson(student, booking["id"]))["status"] == "pending_payment"


async def test_a_declined_card_says_why_and_another_one_still_works(town: Town) -> None:
    # PAYM-25
    qari, student = await town.qari(), await town.student()
    booking = await hold(student, qari, a_day_ahead())
    checkout = await open_checkout(student, booking["id"])

    await fill_in_card(checkout["url"], "4000000000009995")

    declined = await eventually(
        lambda: student.get(f"/api/v1/payments/{checkout['payment_id']}"), lambda seen: seen["decline"] is not None
    )
    assert declined["decline"]["code"] == "insufficient_funds"
    assert declined["decline"]["next_step"]
    await fill_in_card(checkout["url"])
    await until_status(student, booking["id"], "confirmed")


async def test_a_lesson_called_off_in_time_gives_back_what_the_preview_said(town: Town) -> None:
    # BOOK-10, REF-01
    qari, student = await town.qari(), await town.student()
    admin = await town.staff(Role.FINANCE)
    paid = await book_and_pay(student, qari, a_day_ahead())
    await until_status(student, paid["booking_id"], "confirmed")
    preview = await student.get(f"/api/v1/bookings/{paid['booking_id']}/cancellation")
    assert preview["refund"] == {"minor": 1200, "currency": "USD"}

    answer = await student.post(
        f"/api/v1/bookings/{paid['booking_id']}/cancel",
        {"reason": "ill", "agreed_refund": preview["refund"]},
        key=secrets.token_hex(8),
    )

    assert answer.status_code == 200, answer.text
    await until_status(student, paid["booking_id"], "refunded")
    payment = await student.get(f"/api/v1/payments/{paid['payment_id']}")
    assert payment["refunded"] == preview["refund"]
    books = await admin.get("/api/v1/ledger/check")
    assert [m for m in books["mismatches"] if paid["payment_id"] in str(m)] == []


async def test_the_same_key_books_once_and_another_body_is_refused(town: Town) -> None:
    # API-07
    qari, student = await town.qari(), await town.student()
    body = {"qari_id": qari.user_id, "starts_at": a_day_ahead().isoformat(), "minutes": 30}

    first = await student.post("/api/v1/bookings", body, key="the-same-key")
    again = await student.post("/api/v1/bookings", body, key="the-same-key")
    other = await student.post("/api/v1/bookings", {**body, "minutes": 60}, key="the-same-key")

    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 409)
    assert first.content == again.content


async def test_a_free_trial_needs_no_payment_and_there_is_one(town: Town) -> None:
    # BOOK-15
    qari, student = await town.qari(), await town.student()

    trial = await hold(student, qari, a_day_ahead(), kind="trial")

    assert trial["status"] == "confirmed"
    body = {
        "qari_id": qari.user_id,
        "starts_at": a_day_ahead(hour=12).isoformat(),
        "minutes": 30,
        "kind": "trial",
    }
    second = await student.post("/api/v1/bookings", body)
    assert (second.status_code, second.json()["code"]) == (409, "trial_used")


async def test_the_door_of_a_class_is_shut_until_shortly_before_it(town: Town) -> None:
    # LIVE-08
    qari, student = await town.qari(), await town.student()
    stranger = await town.student("Stranger")
    paid = await book_and_pay(student, qari, a_day_ahead())
    await until_status(student, paid["booking_id"], "confirmed")

    early = await student.post(f"/api/v1/bookings/{paid['booking_id']}/join")
    theirs = await stranger.post(f"/api/v1/bookings/{paid['booking_id']}/join")

    assert (early.status_code, early.json()["code"]) == (403, "outside_join_window")
    assert theirs.status_code in (403, 404)
    assert "meet" not in theirs.text


async def test_a_weekly_series_is_paid_at_once_and_one_lesson_moves_alone(town: Town) -> None:
    # BOOK-12, BOOK-09
    qari, student = await town.qari(), await town.student()
    first = a_day_ahead(days=3, hour=15)
    body = {
        "qari_id": qari.user_id,
        "first_date": first.date().isoformat(),
        "wall": "15:00",
        "minutes": 30,
        "count": 5,
    }
    made = await student.post("/api/v1/bookings/series", body, key=secrets.token_hex(8))
    assert made.status_code == 201, made.text
    lessons = made.json()["items"]
    checkout = await student.post("/api/v1/checkouts", {"series_id": lessons[0]["series_id"]}, key=secrets.token_hex(8))
    assert checkout.json()["amount"] == {"minor": 6000, "currency": "USD"}
    await fill_in_card(checkout.json()["url"])
    for one in lessons:
        await until_status(student, one["id"], "confirmed")

    target = first + timedelta(days=15, hours=2)
    moved = await student.post(
        f"/api/v1/bookings/{lessons[2]['id']}/reschedule", {"starts_at": target.isoformat()}, key=secrets.token_hex(8)
    )

    assert moved.status_code == 200, moved.text
    now = [await lesson(student, one["id"]) for one in lessons]
    unchanged = [one["starts_at"] for one in lessons]
    assert [one["starts_at"] for n, one in enumerate(now) if n != 2] == [s for n, s in enumerate(unchanged) if n != 2]
    assert now[2]["starts_at"] == target.isoformat().replace("+00:00", "Z")
    assert {one["status"] for one in now} == {"confirmed"}
    payments = await student.get("/api/v1/payments")
    assert len(payments["items"]) == 1
