"""Nothing more can be written to the data folder: lessons are booked and paid all the same, what needs the disk says
so, and it is made up for later. (OPS-14)

A limit on the size of files, set from outside on the running processes, refuses every write as a full disk does.
"""

import resource
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from domain.identity.permission import Role
from fakes.onboarding import PDF
from support.school import a_day_ahead, book_and_pay, mails_to, until_status
from support.system import Person, System, eventually
from support.town import Town

DOCUMENTS = "/api/v1/onboarding/application/documents"


def limit_files(system: System, most: int) -> None:
    for name in ("main", "admin", "worker"):
        for pid in system.pids(name):
            _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, hard))


@pytest.fixture
async def fill(system: System) -> AsyncIterator[Callable[[bool], None]]:
    yield lambda full: limit_files(system, 0 if full else resource.RLIM_INFINITY)
    limit_files(system, resource.RLIM_INFINITY)


async def ready(town: Town) -> dict[str, Any]:
    async with httpx.AsyncClient(base_url=town.system.urls["main"], timeout=10) as client:
        answer = await client.get("/health/ready")
    assert answer.status_code == 200
    seen: dict[str, Any] = answer.json()
    return seen


async def attach(qari: Person) -> tuple[int, str]:
    answer = await qari.http.post(
        DOCUMENTS, data={"kind": "identity"}, files={"file": ("cnic.pdf", PDF, "application/pdf")}
    )
    return answer.status_code, answer.json().get("code", "")


async def test_with_a_full_disk_lessons_go_on_and_mails_and_files_wait(
    town: Town, fill: Callable[[bool], None]
) -> None:
    qari, student = await town.qari(), await town.student()
    applicant = await town.newcomer(Role.QARI)
    admin = await town.staff(Role.ADMIN)

    fill(True)

    assert await ready(town) == {
        "status": "degraded",
        "checks": [
            {"name": "database", "ok": True},
            {"name": "redis", "ok": True},
            {"name": "data_folder", "ok": False},
        ],
    }
    assert {"name": "data_folder", "good": False} in (await admin.get("/api/v1/staff/health"))["answers"]
    paid = await book_and_pay(student, qari, a_day_ahead(days=6))
    await until_status(student, paid["booking_id"], "confirmed")
    assert await attach(applicant) == (503, "gateway_unavailable")
    assert await mails_to(admin, qari.email) == []

    fill(False)

    assert (await ready(town))["status"] == "ok"
    assert await attach(applicant) == (201, "")
    assert len(await eventually(lambda: mails_to(admin, qari.email), lambda mails: bool(mails), within_s=90)) == 1
