"""A calendar that is published under an address (ICS). The address is somebody's secret, and told by somebody: it leads
to the public Internet or nowhere, through redirects too. (DISC-06, OPS-10)
"""

import asyncio
import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable
from typing import Final
from urllib.parse import urljoin, urlsplit

import httpx
import msgspec

from adapters.calendars.ics import NotACalendar, busy_times
from adapters.calendars.ours import Ours
from adapters.outgoing.guard import Guard, Patience, Trouble
from adapters.outgoing.http import UNREACHED, retry_after
from adapters.outgoing.public import PrivateAddress, is_fetchable
from domain.time import TimeSlot
from ports.budget import Budget, Rate
from ports.errors import GatewayRefused, GatewayUnavailable, NotSent
from ports.scheduling.connections import AccessLost, BusyRead

LARGEST: Final = 5 * 2**20
REDIRECTS: Final = 3
OF_A_HOST: Final = Rate(name="calendar-host", times=300, per_s=60, burst=30)
PATIENCE: Final = Patience(attempts=2, timeout_s=20.0, queue_s=10.0)
MANY: Final = 500
GONE: Final = frozenset({401, 403, 404, 410})
_STAMPS: Final = re.compile(rb"^(?:DTSTAMP|LAST-MODIFIED|CREATED)[:;].*\r?\n", re.MULTILINE)
"""Written anew each time somebody asks, by many servers."""


class Cursor(msgspec.Struct, frozen=True, kw_only=True):
    """How the last answer is known again."""

    etag: str = ""
    modified: str = ""
    digest: str = ""


class IcsBusy:
    """Keeps ``ports.scheduling.connections.BusySource``. The secret is the address itself. ``client`` reaches public
    addresses alone (``adapters.outgoing.public``). ``fetchable`` is for tests, which have no such address.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        budget: Budget,
        ours: Ours,
        *,
        patience: Patience = PATIENCE,
        trouble: Trouble | None = None,
        fetchable: Callable[[str], bool] = is_fetchable,
    ) -> None:
        self._client, self._budget, self._ours, self._patience = client, budget, ours, patience
        self._trouble, self._fetchable = trouble, fetchable
        self._guards: OrderedDict[str, Guard] = OrderedDict()

    async def read(self, secret: str, cursor: str, window: TimeSlot, zone: str) -> BusyRead:
        known = msgspec.json.decode(cursor, type=Cursor) if cursor else Cursor()
        guard = self._guard(urlsplit(secret).hostname or "")
        answer = await guard.run("GET calendar", lambda: self._followed(guard.name, secret, known), repeatable=True)
        if answer is None:
            return BusyRead(parts=(), whole=False, cursor=cursor)
        body, headers = answer
        found = Cursor(
            etag=headers.get("etag", "")[:200],
            modified=headers.get("last-modified", "")[:100],
            digest=hashlib.sha256(_STAMPS.sub(b"", body)).hexdigest(),
        )
        following = msgspec.json.encode(found).decode()
        if cursor and found.digest == known.digest:
            return BusyRead(parts=(), whole=False, cursor=following)
        try:
            read = await asyncio.to_thread(busy_times, body, window, zone, self._ours)
        except NotACalendar as error:
            raise GatewayRefused(guard.name, str(error), "not_a_calendar") from error
        return BusyRead(parts=read.parts, whole=True, cursor=following, label=read.label)

    async def forget(self, secret: str) -> None:
        """There is nothing to give back."""

    async def _followed(self, name: str, address: str, known: Cursor) -> tuple[bytes, httpx.Headers] | None:
        """None: nothing has changed."""
        for _ in range(REDIRECTS + 1):
            if not self._fetchable(address):
                raise GatewayRefused(name, "the address does not lead to the public Internet", "not_public")
            onward = await self._fetched(name, address, known)
            if not isinstance(onward, str):
                return onward
            address = urljoin(address, onward)
        raise GatewayRefused(name, "it leads on and on", "redirects")

    async def _fetched(self, name: str, address: str, known: Cursor) -> tuple[bytes, httpx.Headers] | str | None:
        """A text is an address to ask instead."""
        headers = {"accept": "text/calendar, */*;q=0.1", "user-agent": "Halaqa"}
        headers |= {"if-none-match": known.etag} if known.etag else {}
        headers |= {"if-modified-since": known.modified} if known.modified else {}
        try:
            async with self._client.stream("GET", address, headers=headers) as answer:
                if answer.status_code == 304:
                    return None
                if answer.has_redirect_location:
                    return answer.headers["location"]
                _require_success(name, answer)
                return await _body(name, answer), answer.headers
        except PrivateAddress as error:
            raise GatewayRefused(name, "the address does not lead to the public Internet", "not_public") from error
        except UNREACHED as error:
            raise NotSent(name, type(error).__name__) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise GatewayUnavailable(name, type(error).__name__) from error

    def _guard(self, host: str) -> Guard:
        if host not in self._guards:
            self._guards[host] = Guard(
                f"calendar/{host}",
                self._budget,
                account=[OF_A_HOST],
                patience=self._patience,
                trouble=self._trouble,
            )
            while len(self._guards) > MANY:
                self._guards.popitem(last=False)
        self._guards.move_to_end(host)
        return self._guards[host]


def _require_success(name: str, answer: httpx.Response) -> None:
    status = answer.status_code
    if answer.is_success:
        return
    if status in (408, 425, 429) or status >= 500:
        raise GatewayUnavailable(name, f"answered {status}", retry_after_s=retry_after(answer.headers))
    if status in GONE:
        raise AccessLost(name, f"answered {status}", str(status))
    raise GatewayRefused(name, f"answered {status}", str(status))


async def _body(name: str, answer: httpx.Response) -> bytes:
    """However small it says it is, and however well it is packed."""
    body = bytearray()
    async for piece in answer.aiter_bytes(65536):
        body += piece
        if len(body) > LARGEST:
            raise GatewayRefused(name, "the calendar is too large", "too_large")
    return bytes(body)
