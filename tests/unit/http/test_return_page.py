"""Where the payer's browser comes back to: the provider is asked first, nobody learns of what is not his. (PAYM-12)"""

from datetime import timedelta
from html import unescape
from typing import Any
from uuid import UUID

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from adapters.http.web.student.payments import PaymentPageController
from application.billing.check_payment import CheckPayment
from application.billing.see_money import SeePayment
from domain.billing.payment import Payment
from domain.identity.permission import Audience, Role
from domain.ids import PaymentId, UserId
from fakes.booking import a_booking
from fakes.http import an_app, bearer, person, provided, token_of
from fakes.screens import a_payment_view
from fakes.till import PAYMENT, Till
from ports.billing.queries import PaymentView
from ports.budget import Rate

HERE = f"/portal/payments/{PAYMENT}"
OTHER = PaymentId(UUID(int=PAYMENT.int + 1))
PAYER = person(Audience.MAIN, Role.STUDENT).user_id
NEUTRAL = "We confirm the lesson as soon as the payment service tells us"


class Shown:
    """The page's payment as it stands in the till."""

    def __init__(self, till: Till) -> None:
        self._till = till

    async def payment(self, payment_id: PaymentId) -> PaymentView | None:
        found: Payment | None = self._till.store.shelf("payments").get(payment_id)
        if found is None:
            return None
        status, url = found.status, found.url
        captured = self._till.clock.now() if found.is_paid else None
        return a_payment_view(
            payment_id=found.id,
            payer_id=found.payer_id,
            status=status,
            url=url,
            captured_at=captured,
            expires_at=self._till.clock.now() + timedelta(minutes=10),
        )


class Patient:
    def __init__(self) -> None:
        self.asked = 0

    async def take(self, rate: Rate, who: str, *, patience_s: float) -> float | None:
        self.asked += 1
        return 0.0


class Back:
    def __init__(self) -> None:
        self.till, self.budget = Till(), Patient()

    async def open(self, *, payer: UserId = PAYER) -> TestClient[Litestar]:
        """Somebody has gone to the provider's page."""
        payment = await self.till.checkout(a_booking())
        shelf = self.till.store.shelf("payments")
        shelf[payment.id] = msgspec.structs.replace(shelf[payment.id], payer_id=payer)
        self.till.gateway.calls.clear()
        parts: dict[str, Any] = {
            "see_payment": SeePayment(Shown(self.till)),  # type: ignore[arg-type]
            "check_payment": CheckPayment(self.till.unit, self.till.settle_payment, self.budget),
            "list_my_payments": None,
            "clock": self.till.clock,
        }
        app = an_app(
            [PaymentPageController],
            development=True,
            dependencies={name: provided(part) for name, part in parts.items()},
        )
        client = TestClient(app)
        client.headers.update(bearer(token_of(Audience.MAIN, Role.STUDENT)) | {"accept": "text/html"})
        return client

    @property
    def paid(self) -> bool:
        return self.till.payment().is_paid


def words(answer: Any) -> str:
    assert answer.status_code == 200
    return unescape(answer.text)


def body(answer: Any) -> str:
    """What the page says, without the parts that name its own address."""
    return words(answer).split("<main")[1].split("</main>")[0]


@pytest.fixture
def back() -> Back:
    return Back()


async def test_an_id_that_is_nobodys_or_no_id_at_all_waits_like_any_other(back: Back) -> None:
    with await back.open() as client:
        for tampered in (str(OTHER), "zzz", "cs_test_123", f"{PAYMENT}0"):
            assert NEUTRAL in words(client.get(f"/portal/payments/{tampered}?status=succeeded"))

    assert back.till.gateway.calls == []
    assert not back.paid


async def test_what_somebody_else_pays_is_not_told_apart_from_what_does_not_exist(back: Back) -> None:
    with await back.open(payer=UserId(UUID(int=0xE15E))) as client:
        back.till.gateway.pay(str(back.till.payment().provider_ref))
        theirs = body(client.get(HERE)).replace(str(PAYMENT), "")
        nobodys = body(client.get(f"/portal/payments/{OTHER}")).replace(str(OTHER), "")

    assert theirs == nobodys
    assert NEUTRAL in theirs
    assert back.till.gateway.calls == []
    assert not back.paid


async def test_who_has_not_paid_is_not_told_so_whatever_the_address_says(back: Back) -> None:
    with await back.open() as client:
        shown = words(client.get(f"{HERE}?status=succeeded&paid=1&session_id=cs_1"))

    assert back.till.gateway.calls  # he was asked
    assert NEUTRAL in shown
    assert "Back to the payment page" in shown
    assert "Paid and confirmed" not in shown
    assert not back.paid


async def test_who_has_paid_reads_so_before_a_webhook_came(back: Back) -> None:
    with await back.open() as client:
        back.till.gateway.pay(str(back.till.payment().provider_ref))
        shown = words(client.get(HERE))

    assert back.paid
    assert "Paid and confirmed" in shown
    assert NEUTRAL not in shown
    assert f"{HERE}/receipt" in shown


async def test_a_provider_who_does_not_answer_leaves_a_page_that_waits(back: Back) -> None:
    with await back.open() as client:
        back.till.gateway.pay(str(back.till.payment().provider_ref))
        back.till.gateway.down = True
        silent = words(client.get(HERE))
        back.till.gateway.down = False
        later = words(client.get(HERE))

    assert NEUTRAL in silent
    assert "Paid and confirmed" not in silent
    assert "Paid and confirmed" in later


async def test_who_left_without_paying_asks_nobody(back: Back) -> None:
    with await back.open() as client:
        shown = words(client.get(f"{HERE}?left=1"))

    assert "nothing was charged" in shown
    assert back.till.gateway.calls == []
    assert back.budget.asked == 0
