"""From an account to the first lesson taught, through the running system. (ONB-01…05, ONB-07, ONB-08, NOTI-12)"""

import secrets
from typing import Any

import httpx
import pytest

from domain.identity.permission import Role
from fakes.onboarding import PDF
from support.school import a_day_ahead, mails_to
from support.system import Person, eventually
from support.town import Town

OWN = "/api/v1/onboarding/application"
QUEUE = "/api/v1/staff/applications"
CNIC = "35202-1234567-1"
HOURS = [
    {"weekday": 0, "hours": {"start": "09:00", "end": "12:30"}},
    {"weekday": 4, "hours": {"start": "22:00", "end": "01:00"}},
]
QARI_FORM = {
    "name": "Qari Bilal", "birth_date": "1985-02-03", "gender": "male", "country": "PK", "zone": "Asia/Karachi",
    "languages": ["ur", "en"], "riwayat": ["hafs"], "qualifications": [{"title": "Ijazah in Hafs"}],
    "bio": "Teaches tajwid with patience.", "rules": HOURS, "id_country": "PK", "national_id": CNIC,
}  # fmt: skip


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


async def submitted_qari(town: Town) -> Person:
    qari = await town.newcomer(Role.QARI, "Bilal")
    assert (await qari.http.put(f"{OWN}/qari", json=QARI_FORM)).status_code == 200
    attached = await qari.http.post(
        f"{OWN}/documents", data={"kind": "identity"}, files={"file": ("cnic.pdf", PDF, "application/pdf")}
    )
    assert attached.status_code == 201, attached.text
    submitted = await qari.http.post(f"{OWN}/submit")
    assert submitted.json()["status"] == "submitted", submitted.text
    return qari


async def entry_of(lead: Person, qari: Person) -> dict[str, Any]:
    items = (await lead.get(QUEUE, role="qari"))["items"]
    return next(item for item in items if item["user_id"] == qari.user_id)


async def test_a_student_books_from_the_moment_he_is_let_in_and_not_before(town: Town) -> None:
    # ONB-05, ONB-07
    qari, student = await town.qari(), await town.newcomer(Role.STUDENT)
    wish = {"qari_id": qari.user_id, "starts_at": a_day_ahead().isoformat(), "minutes": 30}

    early = await student.post("/api/v1/bookings", wish, key=secrets.token_hex(8))
    incomplete = await student.http.post(f"{OWN}/submit")
    await town.onboard(student)
    later = await student.post("/api/v1/bookings", wish, key=secrets.token_hex(8))

    assert code(early) == (403, "onboarding_required")
    assert incomplete.status_code in {404, 422}
    assert later.status_code == 201, later.text
    placement = await student.get("/api/v1/onboarding/placement")
    assert (placement["level"], placement["language"], placement["heard"]) == ("slowly", "en", False)


async def test_a_qari_is_vetted_told_once_and_teaches_by_the_hours_he_named(town: Town) -> None:
    # ONB-02, ONB-03, ONB-04, ONB-05, NOTI-12
    qari, lead, admin = await submitted_qari(town), await town.staff(Role.TEACHING_LEAD), await town.staff(Role.ADMIN)
    teach = f"/api/v1/bookings/{secrets.token_hex(16)[:8]}-0000-7000-8000-000000000000/approve"
    entry = await entry_of(lead, qari)
    one = await lead.get(f"{QUEUE}/{entry['id']}")
    before = await qari.post(teach)
    locked = await qari.http.put(f"{OWN}/qari", json=QARI_FORM)

    claimed = await lead.post(f"{QUEUE}/{entry['id']}/claim", {})
    approved = await lead.post(f"{QUEUE}/{entry['id']}/approve", {})
    again = await lead.post(f"{QUEUE}/{entry['id']}/approve", {})
    after = await qari.post(teach)

    assert code(before) == (403, "onboarding_required")
    assert code(locked) == (409, "application_locked")
    assert one["national_id"] == {"country": "PK", "last4": "5671"}
    assert CNIC not in str(one)
    assert entry["waits_h"] == 0
    assert claimed.json()["owner_id"] == lead.user_id
    assert approved.json()["status"] == "approved", approved.text
    assert code(again) == (409, "illegal_transition")
    assert code(after) == (404, "not_found")
    hours = await qari.get("/api/v1/my/availability")
    assert (hours["rules"], hours["zone"]) == (HOURS, "Asia/Karachi")

    def decisions(mails: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [mail for mail in mails if "approved" in mail["subject"]]

    async def mails() -> list[dict[str, Any]]:
        return await mails_to(admin, qari.email)

    found = await eventually(mails, lambda mails: bool(decisions(mails)))
    assert len(decisions(found)) == 1


async def test_a_rejection_reaches_the_applicant_with_its_reason(town: Town) -> None:
    # ONB-01, ONB-04, NOTI-12
    qari, lead, admin = await submitted_qari(town), await town.staff(Role.TEACHING_LEAD), await town.staff(Role.ADMIN)
    entry = await entry_of(lead, qari)

    nothing = await lead.post(f"{QUEUE}/{entry['id']}/reject", {"reason": ""})
    rejected = await lead.post(f"{QUEUE}/{entry['id']}/reject", {"reason": "The scan cannot be read."})
    own = await qari.get(OWN)
    again = await qari.http.put(f"{OWN}/qari", json=QARI_FORM | {"bio": "With a better scan.", "national_id": ""})
    resubmitted = await qari.http.post(f"{OWN}/submit")

    assert nothing.status_code == 422
    assert rejected.status_code == 200
    assert (own["status"], own["reason"]) == ("rejected", "The scan cannot be read.")
    assert again.json()["status"] == "draft"
    assert (resubmitted.json()["status"], resubmitted.json()["edition"]) == ("submitted", 2)

    async def mails() -> list[dict[str, Any]]:
        return [mail for mail in await mails_to(admin, qari.email) if "another look" in mail["subject"]]

    assert len(await eventually(mails, bool)) == 1


async def test_papers_are_read_by_those_who_decide_and_every_look_is_written_down(town: Town) -> None:
    # ONB-03, ADM-05
    qari, lead, support = (
        await submitted_qari(town),
        await town.staff(Role.TEACHING_LEAD),
        await town.staff(Role.SUPPORT),
    )
    entry = await entry_of(lead, qari)
    one = await lead.get(f"{QUEUE}/{entry['id']}")
    paper = f"{QUEUE}/{entry['id']}/documents/{one['documents'][0]['id']}"
    stranger = await town.newcomer(Role.QARI)

    read, revealed = await lead.http.get(paper), await lead.post(f"{QUEUE}/{entry['id']}/national-id")
    refused = [
        (await support.http.get(paper)).status_code,
        (await support.post(f"{QUEUE}/{entry['id']}/national-id")).status_code,
        (await support.post(f"{QUEUE}/{entry['id']}/approve", {})).status_code,
        (await stranger.http.get(f"{OWN}/documents/{one['documents'][0]['id']}")).status_code,
    ]

    assert read.content == PDF
    assert read.headers["content-disposition"].startswith("attachment")
    assert revealed.json() == {"national_id": CNIC}
    assert refused == [403, 403, 403, 404]


@pytest.mark.parametrize("content", [b"<html><script>alert(1)</script>", b"", b"MZ\x90\x00" + bytes(64)])
async def test_upload_traps_are_refused(town: Town, content: bytes) -> None:
    # ONB-02
    qari = await town.newcomer(Role.QARI)

    answer = await qari.http.post(
        f"{OWN}/documents", data={"kind": "identity"}, files={"file": ("cnic.pdf", content, "application/pdf")}
    )
    large = await qari.http.post(
        f"{OWN}/documents", files={"file": ("cnic.pdf", PDF + bytes(9 * 1024 * 1024), "application/pdf")}
    )

    assert code(answer) == (422, "document_refused")
    assert large.status_code in {413, 422}
