"""The office: who sees what, what a refund says before it happens, what a dead message offers."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from litestar import Litestar
from litestar.testing import TestClient

from adapters.http.web import admin
from adapters.payments.accounts import Accounts
from application.billing.failed_refund import PayRefundOtherwise, RetryRefund
from application.billing.match_books import ExplainFinding, SeeFinding
from application.billing.replay_webhook import ReplayWebhook
from application.billing.request_refund import PreviewRefund, RequestRefund
from application.billing.see_money import CountWebhooks, ListPayments, ListWebhooks, SeePayment, SeeWebhook
from application.billing.verify_ledger import VerifyLedger
from application.booking.cancel_booking import CancelBooking, PreviewCancellation
from application.booking.record_outcome import RecordOutcome
from application.booking.see_lessons import SearchBookings, SeeLesson
from application.notification.mailbox import ListMailbox, ReadMail
from application.oversight.jobs import ListDeadTasks, ReviveTask, ShowJobHealth
from application.scheduling.see_attendance import SeeAttendance
from domain.billing.finding import Finding
from domain.billing.payment import PaymentStatus
from domain.billing.refund import RefundStatus
from domain.billing.webhook_event import WebhookEvent, WebhookStatus
from domain.booking.booking import Status
from domain.identity.permission import Audience, Role
from domain.ids import EventId, FindingId
from domain.money import Money
from fakes.booking import a_booking
from fakes.gateway import FakeGateway
from fakes.guardians import MemoryGuardianQueries
from fakes.http import NOON, StandingClock, an_app, bearer, provided, token_of
from fakes.identity import IdentityStore, MemoryPeople
from fakes.ids import SequentialIds
from fakes.notification import MemoryJobBoard, MemoryMailbox, RecordingWakeup
from fakes.screens import (
    LESSON,
    PAYMENT,
    WEBHOOK,
    PreparedLedger,
    PreparedLessons,
    PreparedPayments,
    PreparedWebhooks,
    a_lesson,
    a_payment_view,
    a_refund_view,
    a_webhook_view,
)
from fakes.till import a_line, a_payment, a_refund
from fakes.unit import MemoryStore, MemoryUnit
from ports.billing.queries import AccountBalance, Mismatch
from ports.notification.mail import Attachment, Mail
from ports.oversight.queries import Backlog, DeadTask
from ports.paging import Page


class Stuck:
    async def backlogs(self, now: Any) -> list[Backlog]:
        return [Backlog(queue="outbox", waiting=2, dead=1, oldest_due_at=NOON)]

    async def dead_tasks(self, *, cursor: str | None = None, limit: int = 50) -> Page[DeadTask]:
        task = DeadTask(
            event_id=EventId(UUID(int=5)),
            subscriber="billing.earn",
            event_type="BookingCompleted",
            attempts=10,
            error="no answer",
            created_at=NOON,
            died_at=NOON,
        )
        return Page([task])


class Office:
    """The whole of it over memory. Change the parts, then ``open``."""

    def __init__(self) -> None:
        self.store, self.wakeup, self.mailbox = MemoryStore(), RecordingWakeup(), MemoryMailbox()
        self.payments, self.webhooks = PreparedPayments(), PreparedWebhooks()
        self.lessons, self.ledger = PreparedLessons(), PreparedLedger()

    def _unit(self) -> MemoryUnit:
        return MemoryUnit(self.store)

    def open(self, role: Role = Role.ADMIN) -> TestClient[Litestar]:
        clock, stuck = StandingClock(), Stuck()
        parts: Mapping[str, Any] = {
            "clock": clock,
            "new_id": SequentialIds(),
            "list_payments": ListPayments(self.payments),
            "see_payment": SeePayment(self.payments),
            "preview_refund": PreviewRefund(self._unit, Accounts([FakeGateway()])),
            "request_refund": RequestRefund(self._unit, clock, self.wakeup, Accounts([FakeGateway()])),
            "retry_refund": RetryRefund(self._unit, clock, self.wakeup),
            "pay_refund_otherwise": PayRefundOtherwise(self._unit, clock, SequentialIds()),
            "see_finding": SeeFinding(self._unit),
            "explain_finding": ExplainFinding(self._unit),
            "verify_ledger": VerifyLedger(self.ledger, Accounts([]), clock),
            "list_webhooks": ListWebhooks(self.webhooks),
            "count_webhooks": CountWebhooks(self.webhooks),
            "see_webhook": SeeWebhook(self.webhooks),
            "replay_webhook": ReplayWebhook(self._unit, clock, self.wakeup),
            "search_bookings": SearchBookings(self.lessons, clock),
            "see_lesson": SeeLesson(self.lessons, MemoryGuardianQueries()),
            "see_attendance": SeeAttendance(self._unit, MemoryPeople(IdentityStore())),
            "preview_cancellation": PreviewCancellation(self._unit, clock),
            "cancel_booking": CancelBooking(self._unit, clock),
            "record_outcome": RecordOutcome(self._unit, clock),
            "list_mailbox": ListMailbox(self.mailbox),
            "read_mail": ReadMail(self.mailbox),
            "show_job_health": ShowJobHealth(clock, MemoryJobBoard(), stuck),
            "list_dead_tasks": ListDeadTasks(stuck),
            "revive_task": ReviveTask(self._unit, clock, self.wakeup),
        }
        app = an_app(
            admin.CONTROLLERS_ADMIN,
            audience=Audience.ADMIN,
            development=True,  # an unknown name in a template is an error then
            dependencies={name: provided(part) for name, part in parts.items()},
        )
        client = TestClient(app)
        client.headers.update(bearer(token_of(Audience.ADMIN, role)) | {"Accept": "text/html"})
        return client

    def keep(self, *lines: Any) -> None:
        """A captured payment, in the store and on the screens."""
        payment = msgspec.structs.replace(
            a_payment(*lines), id=PAYMENT, status=PaymentStatus.CAPTURED, captured_at=NOON, provider_ref="cs_1"
        )
        self.store.shelf("payments")[PAYMENT] = payment
        view = a_payment_view(amount=payment.amount)
        shown = [msgspec.structs.replace(view.lines[0], booking_id=b) for b in payment.booking_ids]
        self.payments = PreparedPayments(msgspec.structs.replace(view, lines=shown))


def words(page: str) -> str:
    """The text of a page, without marks and with single spaces."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).replace("\u00a0", " ").replace("&#x27;", "'").split())


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None, name
    return found[1]


# payments ----------------------------------------------------------------------------------------------------------


def test_the_list_of_payments_tells_the_query_what_is_wanted() -> None:
    office = Office()
    office.payments = PreparedPayments(a_payment_view(), next_cursor="more")

    with office.open() as client:
        answer = client.get(
            "/payments?status=captured&payer=maryam&currency=USD&since=2026-03-01&until=2026-03-02&cursor=x"
        )

    asked = office.payments.asked[0]
    assert answer.status_code == 200, answer.text
    assert (asked.status, asked.payer, asked.currency) == (PaymentStatus.CAPTURED, "maryam", "USD")
    # the days of somebody in Karachi, the last one included
    assert asked.since is not None
    assert asked.until is not None
    assert asked.until - asked.since == timedelta(days=2)
    assert asked.since.isoformat() == "2026-02-28T19:00:00+00:00"
    assert "Maryam Khan" in answer.text
    assert "$9.00" in answer.text
    assert "payer=maryam&amp;currency=USD&amp;since=2026-03-01" in answer.text
    assert "From the start" in words(answer.text)


def test_an_empty_list_says_how_it_fills_and_a_bad_date_is_named() -> None:
    with Office().open() as client:
        nothing, narrowed, wrong = (client.get(f"/payments{query}") for query in ("", "?payer=x", "?since=soon"))

    assert "appears here as soon as somebody goes to pay" in words(nothing.text)
    assert "No payment fits all of that" in words(narrowed.text)
    assert (wrong.status_code, "Write a date as 2026-03-31." in wrong.text) == (400, True)


def test_a_declined_payment_is_explained_in_plain_words() -> None:
    # PAYM-25
    office = Office()
    office.payments = PreparedPayments(
        a_payment_view(
            status=PaymentStatus.FAILED_FINAL,
            captured_at=None,
            refundable=Money(0, "USD"),
            decline_code="insufficient_funds",
        )
    )

    with office.open() as client:
        text = words(client.get(f"/payments/{PAYMENT}").text)

    assert "There is not enough money on this card or account." in text
    assert "The payer knows best when to try again." in text
    assert "Give money back" not in text


def test_support_sees_a_payment_and_cannot_change_it() -> None:
    # ID-08
    office = Office()
    office.keep(a_line())

    with office.open(Role.SUPPORT) as client:
        page = client.get(f"/payments/{PAYMENT}")
        form = client.get(f"/payments/{PAYMENT}/refund")
        post = client.post(f"/payments/{PAYMENT}/refund", data={"reason": "kind"})

    assert page.status_code == 200
    assert "Give money back" not in words(page.text)
    assert (form.status_code, post.status_code) == (403, 403)
    assert office.store.shelf("refunds") == {}


def test_a_refund_says_what_will_happen_and_pressing_twice_gives_once() -> None:
    # REF-02
    office = Office()
    office.keep(a_line())

    with office.open(Role.FINANCE) as client:
        offer = client.get(f"/payments/{PAYMENT}")
        asked = client.get(f"/payments/{PAYMENT}/refund?amount=4,50")
        fields = {"refund_id": hidden(asked.text, "refund_id"), "booking": "", "amount": "4,50", "reason": "Bad line"}
        first, again = (
            client.post(f"/payments/{PAYMENT}/refund", data=fields, follow_redirects=False) for _press in range(2)
        )

    assert "Give money back" in words(offer.text)
    told = words(asked.text)
    assert "Give $4.50 back to Maryam Khan?" in told
    assert "by way of sandbox. This cannot be undone." in told
    assert "$4.50 of this payment stay." in told
    assert (first.status_code, again.status_code) == (303, 303)
    assert first.headers["location"] == f"/payments/{PAYMENT}"
    (refund,) = office.store.shelf("refunds").values()
    assert (refund.amount, refund.reason) == (Money(450, "USD"), "Bad line")
    assert office.wakeup.nudged == ["refunds"]


def test_a_part_of_a_payment_for_several_lessons_needs_its_lesson() -> None:
    office = Office()
    office.keep(a_line(1), a_line(2))
    second = a_booking(number=2).id

    with office.open() as client:
        refused = client.get(f"/payments/{PAYMENT}/refund?amount=1", follow_redirects=False)
        whole = client.get(f"/payments/{PAYMENT}/refund")
        one = client.get(f"/payments/{PAYMENT}/refund?booking={second}&amount=1")
        nonsense = client.get(f"/payments/{PAYMENT}/refund?booking=x", follow_redirects=False)
        too_much = client.get(f"/payments/{PAYMENT}/refund?booking={second}&amount=99", follow_redirects=False)

    assert [answer.status_code for answer in (refused, nonsense, too_much)] == [303, 303, 303]
    assert "Give back $18.00" in words(whole.text)
    assert "Nothing of this payment is left after that." in words(whole.text)
    assert "Give back $1.00" in words(one.text)
    assert "$17.00 of this payment stay." in words(one.text)


def test_refunds_say_why_and_by_whom() -> None:
    office = Office()
    office.payments = PreparedPayments(
        a_payment_view(
            status=PaymentStatus.REFUNDED, refunded=Money(900, "USD"), refundable=Money(0, "USD"),
            refunds=[a_refund_view()],
        )
    )  # fmt: skip

    with office.open() as client:
        text = words(client.get(f"/payments/{PAYMENT}").text)

    assert "The lesson was cancelled" in text
    assert "a rule" in text
    assert "Give money back" not in text


def test_a_failed_refund_is_tried_again_or_counts_as_paid() -> None:
    # REF-06
    office = Office()
    office.keep(a_line())
    failed = a_refund(payment_id=PAYMENT, status=RefundStatus.FAILED, failure="closed_account")
    office.store.shelf("refunds")[failed.id] = failed
    shown = a_refund_view(refund_id=failed.id, status=RefundStatus.FAILED, failure="closed_account")
    office.payments = PreparedPayments(msgspec.structs.replace(office.payments.payments[0], refunds=[shown]))
    here = f"/payments/{PAYMENT}/refunds/{failed.id}"

    with office.open(Role.FINANCE) as client:
        offered = client.get(f"/payments/{PAYMENT}")
        page = client.get(here)
        silent = client.post(f"{here}/otherwise", data={"reason": " "})
        again = client.post(f"{here}/again", follow_redirects=False)
        both = client.post(f"{here}/otherwise", data={"reason": "Transfer"}, follow_redirects=False)
        unknown = client.get(f"/payments/{PAYMENT}/refunds/{PAYMENT}")

    assert here in offered.text
    assert "closed_account" in words(page.text)
    assert (silent.status_code, "how the money reached the payer." in words(silent.text)) == (400, True)
    assert (again.status_code, both.status_code, unknown.status_code) == (303, 303, 404)
    assert sorted(refund.status for refund in office.store.shelf("refunds").values()) == ["failed", "requested"]


# ledger ------------------------------------------------------------------------------------------------------------


def test_what_does_not_agree_is_explained_by_those_who_may() -> None:
    # PAYM-28
    office = Office()
    finding = Finding(
        id=FindingId(PAYMENT),
        source="stripe/main",
        kind="refunded_differs",
        subject=str(PAYMENT),
        message="4.00 USD went back, stripe/main says 5.00 USD",
        found_at=NOON,
    )
    office.store.shelf("findings")[finding.id] = finding
    here = f"/ledger/findings/{finding.id}"

    with office.open(Role.FINANCE) as client:
        page = client.get(here)
        silent = client.post(here, data={"explanation": ""})
        kept = client.post(here, data={"explanation": "The bank rounded"}, follow_redirects=False)
        again = client.post(here, data={"explanation": "x"}, follow_redirects=False)
        after = client.get(here)

    assert "The provider says another sum went back" in words(page.text)
    assert f'href="/payments/{PAYMENT}"' in page.text
    assert (silent.status_code, kept.status_code, again.status_code) == (400, 303, 303)
    assert "The bank rounded" in words(after.text)
    with office.open(Role.SUPPORT) as client:
        assert client.post(here, data={"explanation": "x"}).status_code == 403


def test_clean_books_are_called_right_and_what_differs_is_named_with_its_place() -> None:
    # PAYM-28
    clean, wrong = Office(), Office()
    clean.ledger = PreparedLedger(balances=[AccountBalance(group="qaris", balance=Money(-720, "USD"))])
    wrong.ledger = PreparedLedger(
        [Mismatch(kind="payment_not_in_ledger", subject=str(PAYMENT), message="900 USD came and are not in the ledger")]
    )

    with clean.open(Role.SUPPORT) as client:
        right = words(client.get("/ledger").text)
    with wrong.open(Role.SUPPORT) as client:
        page = client.get("/ledger?providers=1").text

    assert "The books are right" in right
    assert "12 journals" in right
    assert "Owed to Qaris USD -$7.20" in right
    assert "1 thing does not agree" in words(page)
    assert "A payment that the ledger does not know" in words(page)
    assert f'href="/payments/{PAYMENT}"' in page


# webhooks ----------------------------------------------------------------------------------------------------------


def test_the_inbox_counts_by_state_and_narrows() -> None:
    # PAYM-05
    office = Office()
    office.webhooks = PreparedWebhooks(
        a_webhook_view(), a_webhook_view(status=WebhookStatus.DEAD, type="refund.failed", error="no such payment")
    )

    with office.open(Role.SUPPORT) as client:
        every, dead, failed = (client.get(f"/webhooks{query}") for query in ("", "?status=dead", "?status=failed"))

    assert "All 2" in words(every.text)
    assert "Given up 1" in words(every.text)
    assert "checkout.completed" in every.text
    assert "checkout.completed" not in dead.text
    assert "no such payment" in dead.text
    assert "No message is in this state" in words(failed.text)


def test_a_body_is_shown_as_it_came_and_does_nothing() -> None:
    office = Office()
    office.webhooks = PreparedWebhooks(a_webhook_view(), raw='{"note": "<script>alert(1)</script>"}')

    with office.open() as client:
        page = client.get(f"/webhooks/{WEBHOOK}").text

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;" in page
    assert "Work on it again" not in page  # it worked


def test_a_dead_message_is_replayed_by_those_who_may() -> None:
    # PAYM-05
    office = Office()
    office.webhooks = PreparedWebhooks(a_webhook_view(status=WebhookStatus.DEAD, error="no such payment", attempts=10))
    event = WebhookEvent(
        id=WEBHOOK, provider="sandbox", account="main", event_id="evt_1", type="checkout.completed", object_ref="cs_1",
        raw=b"{}", occurred_at=NOON, received_at=NOON, due_at=NOON, status=WebhookStatus.DEAD, attempts=10,
    )  # fmt: skip
    office.store.shelf("webhooks")[WEBHOOK] = event

    with office.open(Role.SUPPORT) as client:
        seen = client.get(f"/webhooks/{WEBHOOK}")
        refused = client.post(f"/webhooks/{WEBHOOK}/replay")
    with office.open(Role.ADMIN) as client:
        offered = client.get(f"/webhooks/{WEBHOOK}")
        done = client.post(f"/webhooks/{WEBHOOK}/replay", follow_redirects=False)
        again = client.post(f"/webhooks/{WEBHOOK}/replay", follow_redirects=True)

    assert "no such payment" in seen.text
    assert "Work on it again" not in words(seen.text)
    assert refused.status_code == 403
    assert "Work on it again" in words(offered.text)
    assert (done.status_code, done.headers["location"]) == (303, f"/webhooks/{WEBHOOK}")
    assert office.store.shelf("webhooks")[WEBHOOK].status is WebhookStatus.RECEIVED
    assert "cannot become" in words(again.text)
    assert office.wakeup.nudged == ["webhooks"]


def test_what_is_not_there_is_a_page_that_says_so() -> None:
    with Office().open() as client:
        answers = [client.get(path) for path in (f"/webhooks/{WEBHOOK}", f"/payments/{PAYMENT}", f"/bookings/{LESSON}")]

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert "Nothing is here" in words(answers[0].text)


# lessons, mailbox, jobs --------------------------------------------------------------------------------------------


def test_today_shows_lessons_and_what_waits_for_a_person() -> None:
    office = Office()
    office.lessons = PreparedLessons(a_lesson(), a_lesson(starts_at=NOON - timedelta(days=1)))

    with office.open() as client:
        page = words(client.get("/").text)
        listed = words(client.get("/bookings?missing=1").text)

    assert "Maryam Khan" in page
    assert "1 piece of work was given up after all its tries." in page
    assert "Ended, outcome unknown" in page
    assert "Yusuf Rahman" in listed


def test_cancelling_a_lesson_says_what_comes_back_before_it_happens() -> None:
    # BOOK-10
    office = Office()
    start = NOON + timedelta(hours=2)
    office.lessons = PreparedLessons(a_lesson(starts_at=start))
    office.store.shelf("bookings")[LESSON] = msgspec.structs.replace(
        a_booking(start=start, status=Status.CONFIRMED, hold_expires_at=None), id=LESSON
    )

    with office.open(Role.SUPPORT) as client:
        seen = words(client.get(f"/bookings/{LESSON}").text)
        refused = client.get(f"/bookings/{LESSON}/cancel")
    with office.open() as client:
        offered = words(client.get(f"/bookings/{LESSON}").text)
        form = words(client.get(f"/bookings/{LESSON}/cancel").text)
        done = client.post(f"/bookings/{LESSON}/cancel", data={"reason": "ill"}, follow_redirects=False)

    assert "Cancel this lesson" not in seen
    assert refused.status_code == 403
    assert "Cancel this lesson" in offered
    assert "Cancel lesson and refund $9.00" in form
    assert (done.status_code, office.store.bookings[LESSON].status) == (303, Status.CANCELLED)


async def test_a_mail_is_framed_and_can_do_nothing() -> None:
    office = Office()
    mail = Mail(
        message_id="m1@halaqa.test",
        to_address="maryam@example.org",
        to_name="Maryam",
        subject="Your lesson is confirmed",
        text="As text",
        html="<p>As it looks</p><script>alert(1)</script>",
        attachments=(Attachment(name="lesson.ics", content_type="text/calendar", body=b"BEGIN"),),
    )
    await office.mailbox.send(mail, at=NOON)

    with office.open(Role.SUPPORT) as client:
        listed = client.get("/mailbox?to=maryam@example.org")
        found = re.search(r'href="(/mailbox/[^"]+)"', listed.text)
        assert found is not None, listed.text
        page, frame = client.get(found[1]), client.get(f"{found[1]}/html")
        attached = client.get(f"{found[1]}/attachments/0")
        missing = client.get(f"{found[1]}/attachments/7")

    assert "Your lesson is confirmed" in listed.text
    assert "frame-src 'self'" in page.headers["content-security-policy"]
    assert "frame-src" not in listed.headers["content-security-policy"]
    assert "sandbox" in frame.headers["content-security-policy"]
    assert "script-src" not in frame.headers["content-security-policy"]
    assert frame.headers["x-frame-options"] == "SAMEORIGIN"
    assert (attached.content, attached.headers["content-disposition"]) == (
        b"BEGIN",
        'attachment; filename="lesson.ics"',
    )
    assert missing.status_code == 404


def test_jobs_offer_another_try_to_those_who_may() -> None:
    with Office().open(Role.SUPPORT) as client:
        seen = words(client.get("/jobs").text)
        refused = client.post("/jobs/revive", data={"event_id": str(UUID(int=5)), "subscriber": "billing.earn"})
    with Office().open() as client:
        offered = words(client.get("/jobs").text)

    assert "billing.earn" in seen
    assert "Try again" not in seen
    assert refused.status_code == 403
    assert "Try again" in offered
