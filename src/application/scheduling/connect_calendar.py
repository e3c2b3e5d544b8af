"""A Qari lets us read another calendar of his, sees how that goes, and takes it away again. (DISC-06)"""

import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec
import structlog

from application.scheduling.read_calendars import ReadCalendar
from domain.errors import Conflict, Invalid, NotFound
from domain.identity.actor import Actor
from domain.identity.permission import Permission
from domain.identity.provider import BadState, ProviderRefused
from domain.ids import ConnectionId, UserId
from domain.scheduling.connection import Connection, Source, Status
from ports.cipher import CannotOpen, Cipher
from ports.clock import Clock, NewId
from ports.errors import GatewayError, GatewayRefused
from ports.scheduling.connections import BusySources, CalendarConsent
from ports.unit_of_work import NewUnit, UnitOfWork

MOST: Final = 5
LONGEST: Final = 2000
JOURNEY: Final = timedelta(minutes=10)
log: Final = structlog.get_logger(__name__)


class Journey(msgspec.Struct, frozen=True, kw_only=True):
    """What this browser, and nobody else, brings back: sealed in a cookie of its own."""

    user_id: UserId
    state: str
    verifier: str
    until: datetime


class ListCalendars:
    """Raises NotPermitted."""

    def __init__(self, new_unit: NewUnit) -> None:
        self._new_unit = new_unit

    async def __call__(self, actor: Actor) -> Sequence[Connection]:
        actor.require(Permission.SET_AVAILABILITY)
        async with self._new_unit() as unit:
            return await unit.connections.of(actor.user_id)


class LeaveForConsent:
    """Answers an address, and what goes into the cookie. Raises NotPermitted, NotFound where it is not offered."""

    def __init__(self, clock: Clock, cipher: Cipher, calendar_consent: CalendarConsent) -> None:
        self._clock, self._cipher, self._consent = clock, cipher, calendar_consent

    async def __call__(self, actor: Actor, *, back_to: str) -> tuple[str, str]:
        actor.require(Permission.SET_AVAILABILITY)
        if not self._consent.offered:
            raise NotFound("calendars of that kind cannot be connected here")
        leaving = self._consent.leave(back_to=back_to)
        journey = Journey(
            user_id=actor.user_id,
            state=leaving.state,
            verifier=leaving.verifier,
            until=self._clock.now() + JOURNEY,
        )
        return leaving.address, self._cipher.seal(msgspec.json.encode(journey).decode()).decode()


class ConnectCalendar:
    """By a published address, or by what came back from Google's page. It is read at once; one that is refused then is
    not connected. One of Google's takes the place of the one before.

    Raises NotPermitted, NotFound for somebody without a Qari's profile, Invalid, Conflict where there are too many,
    BadState, ProviderRefused, GatewayUnavailable.
    """

    def __init__(
        self,
        new_unit: NewUnit,
        clock: Clock,
        new_id: NewId,
        cipher: Cipher,
        busy_sources: BusySources,
        calendar_consent: CalendarConsent,
        read_calendar: ReadCalendar,
    ) -> None:
        self._new_unit, self._clock, self._new_id, self._cipher = new_unit, clock, new_id, cipher
        self._sources, self._consent, self._read_calendar = busy_sources, calendar_consent, read_calendar

    async def by_address(self, actor: Actor, address: str, *, strict: bool = False) -> Connection:
        actor.require(Permission.SET_AVAILABILITY)
        address = address.strip()
        if address.lower().startswith("webcal://"):
            address = f"https://{address[9:]}"
        if not address.lower().startswith("https://") or len(address) > LONGEST or not address.isascii():
            raise Invalid("the address of a calendar starts with https://", field="address")
        await self._try(Source.ICS, address)
        return await self._connected(actor, Source.ICS, address, strict=strict)

    async def by_consent(self, actor: Actor, journey: str, *, state: str, code: str, back_to: str) -> Connection:
        actor.require(Permission.SET_AVAILABILITY)
        verifier = self._verifier(actor, journey, state)
        if not code:
            raise ProviderRefused("the calendar was not connected; nothing was allowed there")
        try:
            secret = await self._consent.arrive(code=code, verifier=verifier, back_to=back_to)
        except GatewayRefused as error:
            raise ProviderRefused("the calendar was not connected; allow all that is asked for") from error
        return await self._connected(actor, Source.GOOGLE, secret)

    def _verifier(self, actor: Actor, journey: str, state: str) -> str:
        try:
            begun = msgspec.json.decode(self._cipher.open(journey.encode()), type=Journey)
        except (CannotOpen, msgspec.DecodeError) as error:
            raise BadState("this was not begun in this browser; start again") from error
        same = hmac.compare_digest(begun.state.encode(), state.encode())
        if not same or begun.user_id != actor.user_id or begun.until <= self._clock.now():
            raise BadState("this was not begun in this browser; start again")
        return begun.verifier

    async def _try(self, source: Source, secret: str) -> None:
        """What is mistyped is better told at once than by mail."""
        now = self._clock.now()
        trial = _new(ConnectionId(self._new_id()), UserId(self._new_id()), source, b"", now)
        try:
            await self._sources[source].read(secret, "", trial.window(now), "UTC")
        except GatewayRefused as error:
            raise Invalid(
                "no calendar could be read at this address", field="address", why=error.code or "refused"
            ) from error

    async def _connected(self, actor: Actor, source: Source, secret: str, *, strict: bool = False) -> Connection:
        now = self._clock.now()
        async with self._new_unit() as unit:
            await unit.availability.lock(actor.user_id)
            mine = await unit.connections.of(actor.user_id)
            known = self._same(mine, source, secret)
            if known is not None:
                connection = known.opened_again(self._cipher.seal(secret), at=now)
                await unit.connections.save(connection)
            elif len(mine) >= MOST:
                raise Conflict("there are {most} calendars already; remove one first", most=MOST)
            else:
                sealed = self._cipher.seal(secret)
                connection = _new(ConnectionId(self._new_id()), actor.user_id, source, sealed, now)
                connection = msgspec.structs.replace(connection, strict=strict)
                await unit.connections.add(connection)
            await unit.commit()
        return await self._read_calendar(connection.id) or connection

    def _same(self, mine: Sequence[Connection], source: Source, secret: str) -> Connection | None:
        for known in mine:
            if known.source is not source:
                continue
            if source is Source.GOOGLE or _opened(self._cipher, known) == secret:
                return known
        return None


class ChangeCalendarConnection:
    """A Qari's word about one of his. Raises NotPermitted, NotFound for another's too."""

    def __init__(
        self,
        new_unit: NewUnit,
        clock: Clock,
        cipher: Cipher,
        busy_sources: BusySources,
        read_calendar: ReadCalendar,
    ) -> None:
        self._new_unit, self._clock, self._cipher = new_unit, clock, cipher
        self._sources, self._read_calendar = busy_sources, read_calendar

    async def set_strict(self, actor: Actor, connection_id: ConnectionId, *, strict: bool) -> Connection:
        actor.require(Permission.SET_AVAILABILITY)
        async with self._new_unit() as unit:
            changed = (await _own(unit, actor, connection_id)).as_strict(strict)
            await unit.connections.save(changed)
            await unit.commit()
        return changed

    async def read_now(self, actor: Actor, connection_id: ConnectionId) -> Connection:
        """Also one that was given up."""
        actor.require(Permission.SET_AVAILABILITY)
        async with self._new_unit() as unit:
            found = await _own(unit, actor, connection_id)
            if found.status is Status.LOST and found.sealed is not None:
                found = found.opened_again(found.sealed, at=self._clock.now())
                await unit.connections.save(found)
            await unit.commit()
        return await self._read_calendar(connection_id) or found

    async def remove(self, actor: Actor, connection_id: ConnectionId) -> None:
        """Its times count no more, at once; the leave is given back where that is possible."""
        actor.require(Permission.SET_AVAILABILITY)
        async with self._new_unit() as unit:
            found = await _own(unit, actor, connection_id)
            await unit.connections.save(found.removed())
            await unit.commit()
        secret = _opened(self._cipher, found)
        if secret is None:
            return
        try:
            await self._sources[found.source].forget(secret)
        except GatewayError as error:
            log.warning("leave_not_given_back", source=found.source.value, error=type(error).__name__)


def _new(connection_id: ConnectionId, qari_id: UserId, source: Source, sealed: bytes, now: datetime) -> Connection:
    return Connection(
        id=connection_id,
        qari_id=qari_id,
        source=source,
        label="",
        sealed=sealed,
        created_at=now,
        next_read_at=now,
    )


def _opened(cipher: Cipher, connection: Connection) -> str | None:
    try:
        return None if connection.sealed is None else cipher.open(connection.sealed)
    except CannotOpen:
        return None


async def _own(unit: UnitOfWork, actor: Actor, connection_id: ConnectionId) -> Connection:
    found = await unit.connections.get(connection_id)
    if found.qari_id != actor.user_id:
        raise NotFound("there is no such calendar")
    return found
