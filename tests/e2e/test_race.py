"""Many people want the same hours at the same moment. (BOOK-03)"""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import httpx

from support.system import Person
from support.town import Town

STUDENTS = 40
TRIES = 1000


async def test_a_thousand_tries_at_overlapping_slots_leave_exactly_the_lessons_that_fit(town: Town) -> None:
    qari = await town.qari()
    students = await asyncio.gather(*(town.student(f"Student {number}") for number in range(STUDENTS)))
    tomorrow = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=2)
    chance = Random(114)
    wishes = [
        (chance.choice(students), tomorrow + timedelta(minutes=30 * chance.randrange(16)), chance.choice((30, 60)))
        for _ in range(TRIES)
    ]

    answers = await asyncio.gather(*(_try(student, qari, start, minutes) for student, start, minutes in wishes))

    told = Counter(answer.status_code for answer in answers)
    assert set(told) == {201, 409}, [answer.text for answer in answers if answer.status_code not in (201, 409)][:3]
    for answer in answers:
        if answer.status_code == 409:
            problem = answer.json()
            assert problem["code"] in {"slot_taken", "slot_unavailable", "learner_busy"}
            assert problem["detail"]
            if problem["code"] == "slot_taken":
                assert problem["next_free"]
    won = sorted(
        (answer.json()["starts_at"], answer.json()["ends_at"]) for answer in answers if answer.status_code == 201
    )
    assert all(end <= following for (_, end), (following, _) in pairwise(won))
    agenda = await qari.get(
        "/api/v1/teaching/agenda",
        since=tomorrow.isoformat(),
        until=(tomorrow + timedelta(days=1)).isoformat(),
    )
    assert [(lesson["starts_at"], lesson["ends_at"]) for lesson in agenda["items"]] == won
    assert len(won) >= 8


async def _try(student: Person, qari: Person, start: datetime, minutes: int) -> httpx.Response:
    return await student.post(
        "/api/v1/bookings", {"qari_id": qari.user_id, "starts_at": start.isoformat(), "minutes": minutes}
    )
