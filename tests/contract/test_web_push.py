"""Messages to browsers, against a push service that reads and checks them. (NOTI-03, OPS-12)"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import cast

import httpx
import msgspec
import pytest

from adapters.messaging.push.gateway import WebPushGateway
from adapters.messaging.push.keys import PushKeys, new_push_key, read_push_key
from adapters.outgoing.budget import MemoryBudget
from adapters.outgoing.guard import Patience
from ports.errors import GatewayError, GatewayRefused, GatewayUnavailable, NotSent
from ports.notification.push import GONE, PushMessage
from standins.push import HOST, PushRoad, PushService, push_service
from support.faulty import FAULTS, faulty

KEYS = cast(PushKeys, read_push_key(new_push_key()))
MESSAGE = PushMessage(
    title="درس الآن", body="19:00", link="/lessons/1", tag="m-1", lang="ar", dir="rtl", ttl_s=3600, urgent=True
)
PATIENCE = Patience(attempts=1, timeout_s=1.0, first_wait_s=0.01, longest_wait_s=0.05)


@pytest.fixture
def service() -> Iterator[PushService]:
    with push_service(KEYS.public) as opened:
        yield opened
    assert opened.violations == []


@asynccontextmanager
async def pushing(url: str, patience: Patience = PATIENCE) -> AsyncIterator[tuple[WebPushGateway, PushRoad]]:
    road = PushRoad(url)
    async with httpx.AsyncClient(transport=road, timeout=0.5, trust_env=False) as client:
        yield (
            WebPushGateway(
                KEYS, client, MemoryBudget(), hosts=(HOST,), contact="school@school.example", patience=patience
            ),
            road,
        )


async def test_the_browser_reads_what_was_sealed_for_it(service: PushService) -> None:
    browser = service.browser()

    async with pushing(service.url) as (gateway, _):
        await gateway.push(browser.address, MESSAGE)

    assert browser.seen["m-1"] == {
        "title": "درس الآن", "body": "19:00", "link": "/lessons/1", "tag": "m-1", "lang": "ar", "dir": "rtl",
    }  # fmt: skip
    (headers,) = service.headers
    assert (headers["ttl"], headers["urgency"]) == ("3600", "high")


async def test_the_same_message_again_is_shown_once(service: PushService) -> None:
    browser = service.browser()

    async with pushing(service.url) as (gateway, _):
        await gateway.push(browser.address, MESSAGE)
        await gateway.push(browser.address, MESSAGE)

    assert list(browser.seen) == ["m-1"]
    assert len({headers["topic"] for headers in service.headers}) == 1


@pytest.mark.parametrize("unsubscribed", [True, False])
async def test_a_browser_that_is_gone_is_told_apart(service: PushService, unsubscribed: bool) -> None:
    browser = service.browser()
    browser.gone = unsubscribed
    if not unsubscribed:
        service.browsers.clear()

    async with pushing(service.url) as (gateway, _):
        with pytest.raises(GatewayRefused) as told:
            await gateway.push(browser.address, MESSAGE)

    assert told.value.code == GONE


@pytest.mark.parametrize("endpoint", ["https://evil.example/x", "https://169.254.169.254/x"])
async def test_nobody_makes_us_call_another_service(service: PushService, endpoint: str) -> None:
    address = msgspec.structs.replace(service.browser().address, endpoint=endpoint)

    async with pushing(service.url) as (gateway, road):
        with pytest.raises(GatewayRefused):
            await gateway.push(address, MESSAGE)

    assert road.asked == []


async def test_keys_that_are_no_point_are_as_good_as_gone(service: PushService) -> None:
    address = msgspec.structs.replace(service.browser().address, p256dh="BA" + "A" * 85)

    async with pushing(service.url) as (gateway, road):
        with pytest.raises(GatewayRefused) as told:
            await gateway.push(address, MESSAGE)

    assert told.value.code == GONE
    assert road.asked == []


@pytest.mark.slow
@pytest.mark.parametrize("fault", [*FAULTS, "nobody"])
async def test_after_each_fault_the_message_is_shown_once(service: PushService, fault: str) -> None:
    """An answer's text says nothing here: where the service says 2xx, however cut, it has the message."""
    browser = service.browser()
    with faulty(service.url, hang_s=1.0) as line:
        async with pushing(line.nobody if fault == "nobody" else line.url) as (gateway, road):
            if fault != "nobody":
                line.next(fault)  # type: ignore[arg-type]
            raised: GatewayError | None = None
            try:
                await gateway.push(browser.address, MESSAGE)
            except GatewayError as error:
                raised = error
            if fault == "malformed":
                assert raised is None
            else:
                assert isinstance(raised, GatewayUnavailable)
                assert isinstance(raised, NotSent) is (fault == "nobody")
            road.url = line.url

            await gateway.push(browser.address, MESSAGE)

    assert list(browser.seen) == ["m-1"]
