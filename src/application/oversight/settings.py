"""What a school decides by itself, as versioned documents: read, change, compare, put back. (ADM-06)

To make a document editable, add a line to ``DOCUMENTS``: its kind in the table of policies, and its struct, whose
defaults are what holds where nothing was set (version 0). Pages, API and history follow from the struct.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from domain.billing.commission import COMMISSION_POLICY, CommissionPolicy
from domain.billing.routing import PAYMENTS, PaymentRouting
from domain.booking.policy import BOOKING_POLICY, BookingPolicy, PolicyRow
from domain.booking.rules import SAFEGUARDING, Safeguarding
from domain.errors import Conflict, DomainError, Invalid, NotFound, StaleWrite
from domain.hijri import RECKONING, Reckoning
from domain.identity.actor import Actor
from domain.identity.permission import Permission
from domain.identity.retention import RETENTION_POLICY, RetentionPolicy
from domain.identity.security_policy import SECURITY_POLICY, SecurityPolicy
from domain.ids import UserId
from domain.onboarding.consent import CONSENT_POLICIES, ConsentText
from domain.onboarding.policy import ONBOARDING_POLICY, OnboardingPolicy
from domain.oversight.audit import Act
from domain.oversight.branding import BRANDING, Branding
from domain.oversight.differences import Change, differences, plain
from domain.oversight.events import SettingsChanged
from domain.scheduling.meeting_server import MEETINGS, MeetingServer
from domain.terminology import TERMINOLOGY, Terminology
from ports.clock import Clock
from ports.identity.queries import PeopleQueries
from ports.paging import Page, decode_cursor, encode_cursor
from ports.unit_of_work import NewUnit, UnitOfWork

DOCUMENTS: Final[Mapping[str, type[msgspec.Struct]]] = {
    BRANDING: Branding,
    BOOKING_POLICY: BookingPolicy,
    COMMISSION_POLICY: CommissionPolicy,
    PAYMENTS: PaymentRouting,
    SAFEGUARDING: Safeguarding,
    RECKONING: Reckoning,
    TERMINOLOGY: Terminology,
    SECURITY_POLICY: SecurityPolicy,
    MEETINGS: MeetingServer,
    ONBOARDING_POLICY: OnboardingPolicy,
    RETENTION_POLICY: RetentionPolicy,
    **dict.fromkeys(CONSENT_POLICIES.values(), ConsentText),
}


Checks = Mapping[str, Callable[[Any], None]]
"""Kind -> what its struct cannot know by itself, such as the accounts that are configured. Raises Invalid."""


class Edition(msgspec.Struct, frozen=True, kw_only=True):
    """One version. Version 0 has no author and no time: it is what the product comes with."""

    kind: str
    version: int
    value: msgspec.Struct
    at: datetime | None = None
    by: UserId | None = None
    reason: str = ""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of the history: what this version changed in the one before it. ``usable``: it fits today's rules."""

    version: int
    at: datetime
    by: UserId | None
    by_name: str
    reason: str
    changes: tuple[Change, ...]
    usable: bool


class ListSettings:
    """All documents as they are now, in the order of ``DOCUMENTS``. Raises NotPermitted."""

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock

    async def __call__(self, actor: Actor) -> list[Edition]:
        actor.require(Permission.SEE_SETTINGS)
        now = self._clock.now()
        async with self._new_unit() as unit:
            return [await current(unit, kind, now) for kind in DOCUMENTS]


class SeeSettings:
    """The document as it is now, or one of its versions. Raises NotPermitted, NotFound."""

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock

    async def __call__(self, actor: Actor, kind: str, version: int | None = None) -> Edition:
        actor.require(Permission.SEE_SETTINGS)
        require_kind(kind)
        async with self._new_unit() as unit:
            if version is None:
                return await current(unit, kind, self._clock.now())
            return await _version(unit, kind, version)


class SettingsHistory:
    """Latest first, each with what it changed. Raises NotPermitted, NotFound, BadCursor."""

    def __init__(self, new_unit: NewUnit, people: PeopleQueries) -> None:
        self._new_unit, self._people = new_unit, people

    async def __call__(self, actor: Actor, kind: str, *, cursor: str | None = None, limit: int = 20) -> Page[Step]:
        actor.require(Permission.SEE_SETTINGS)
        require_kind(kind)
        below = decode_cursor(cursor, tuple[int])
        async with self._new_unit() as unit:
            rows = await unit.policies.history(kind, below=below[0] if below else None, limit=limit + 1)
        authors = {row.created_by for row in rows if row.created_by is not None}
        names = {person.user_id: person.name for person in await self._people.by_ids(sorted(authors))}
        nothing = DOCUMENTS[kind]()
        steps = []
        for place, row in enumerate(rows[:limit]):
            value, usable = _plain(row)
            older = _plain(rows[place + 1])[0] if place + 1 < len(rows) else nothing
            steps.append(
                Step(
                    version=row.version,
                    at=row.effective_from,
                    by=row.created_by,
                    by_name=names.get(row.created_by, "") if row.created_by is not None else "",
                    reason=row.reason,
                    changes=differences(older, value),
                    usable=usable,
                )
            )
        return Page(steps, encode_cursor(steps[-1].version) if len(rows) > limit else None)


class ChangeSettings:
    """The next version, in effect at once. ``given``: the whole document as plain JSON values, or its struct.

    Raises NotPermitted, NotFound, Invalid, StaleWrite unless ``based_on`` is the version in effect, Conflict when
    nothing would change.
    """

    def __init__(self, new_unit: NewUnit, clock: Clock, checks: Checks | None = None) -> None:
        self._new_unit, self._clock, self._checks = new_unit, clock, checks or {}

    async def __call__(
        self, actor: Actor, kind: str, given: Mapping[str, Any] | msgspec.Struct, *, based_on: int, reason: str
    ) -> Edition:
        actor.require(Permission.SET_POLICIES)
        value = checked(kind, given)
        if kind in self._checks:
            self._checks[kind](value)
        now = self._clock.now()
        async with self._new_unit() as unit:
            before = await current(unit, kind, now)
            edition = await publish(unit, actor, before, value, based_on=based_on, reason=reason, now=now)
            await unit.commit()
        return edition


class RevertSettings:
    """An older version once more, as the next one: history only grows. Version 0 is what the product comes with.

    Raises as ChangeSettings does; also Conflict when that version does not fit today's rules.
    """

    def __init__(self, new_unit: NewUnit, clock: Clock, checks: Checks | None = None) -> None:
        self._new_unit, self._clock, self._checks = new_unit, clock, checks or {}

    async def __call__(self, actor: Actor, kind: str, version: int, *, based_on: int, reason: str) -> Edition:
        actor.require(Permission.SET_POLICIES)
        require_kind(kind)
        now = self._clock.now()
        async with self._new_unit() as unit:
            before = await current(unit, kind, now)
            wanted = await _version(unit, kind, version)
            if kind in self._checks:
                self._checks[kind](wanted.value)
            edition = await publish(unit, actor, before, wanted.value, based_on=based_on, reason=reason, now=now)
            await unit.commit()
        return edition


def require_kind(kind: str) -> type[msgspec.Struct]:
    """Raises NotFound."""
    if kind not in DOCUMENTS:
        raise NotFound("there are no such settings")
    return DOCUMENTS[kind]


def checked(kind: str, given: Mapping[str, Any] | msgspec.Struct) -> msgspec.Struct:
    """Raises NotFound, Invalid with the field at fault."""
    wanted = require_kind(kind)
    fields: Mapping[str, Any] = plain(given)
    for name in fields:
        if name not in wanted.__struct_fields__:
            raise Invalid("there is no field {field} in these settings", field=name)
    try:
        value: msgspec.Struct = msgspec.convert(fields, wanted)
    except msgspec.ValidationError as error:
        told, _, place = str(error).partition(" - at `$.")
        raise Invalid("{told}", told=told.replace("`", ""), field=place.rstrip("`")) from error
    return value


async def current(unit: UnitOfWork, kind: str, now: datetime) -> Edition:
    row = await unit.policies.current(kind, now)
    return Edition(kind=kind, version=0, value=DOCUMENTS[kind]()) if row is None else _edition(row)


async def _version(unit: UnitOfWork, kind: str, version: int) -> Edition:
    if version == 0:
        return Edition(kind=kind, version=0, value=DOCUMENTS[kind]())
    row = await unit.policies.version(kind, version)
    if row is None:
        raise NotFound("there is no such version")
    return _edition(row)


def _edition(row: PolicyRow) -> Edition:
    try:
        value = msgspec.json.decode(row.body, type=DOCUMENTS[row.kind])
    except (msgspec.ValidationError, DomainError) as error:
        raise Conflict("version {version} does not fit the rules of today", version=row.version) from error
    return Edition(
        kind=row.kind, version=row.version, value=value, at=row.effective_from, by=row.created_by, reason=row.reason
    )


def _plain(row: PolicyRow) -> tuple[Any, bool]:
    """For showing: what does not fit any more is shown as it was written."""
    try:
        return _edition(row).value, True
    except Conflict:
        return msgspec.json.decode(row.body), False


async def publish(
    unit: UnitOfWork,
    actor: Actor,
    before: Edition,
    value: msgspec.Struct,
    *,
    based_on: int,
    reason: str,
    now: datetime,
) -> Edition:
    reason = reason.strip()
    if not 1 <= len(reason) <= 400:
        raise Invalid("say why, in up to {most} characters", field="reason", most=400)
    if before.version != based_on:
        raise StaleWrite("these settings have changed in between", version=before.version)
    changes = differences(before.value, value)
    if not changes:
        raise Conflict("nothing would change")
    latest = await unit.policies.history(before.kind, limit=1)
    version = (latest[0].version if latest else 0) + 1
    await unit.policies.add(
        PolicyRow(
            kind=before.kind,
            version=version,
            body=msgspec.json.encode(value).decode(),
            effective_from=now,
            created_by=actor.user_id,
            reason=reason,
        )
    )
    unit.note(
        Act(
            actor=actor,
            action="oversight.change_settings",
            subject=("settings", before.kind),
            before={"version": before.version} | {change.path: change.before for change in changes},
            after={"version": version} | {change.path: change.after for change in changes},
            reason=reason,
        )
    )
    unit.record(SettingsChanged(kind=before.kind, version=version, at=now))
    return Edition(kind=before.kind, version=version, value=value, at=now, by=actor.user_id, reason=reason)
