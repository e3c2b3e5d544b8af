"""Who holds the school's classes: hosts at its accounts, and what single Qaris have instead. (LIVE-01, LIVE-10)"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

import msgspec

from domain.errors import Conflict, Invalid
from domain.identity.actor import Actor
from domain.identity.permission import Permission, Role
from domain.ids import MeetingHostId, UserId
from domain.oversight.audit import Act
from domain.scheduling.meeting_host import MeetingHost
from domain.scheduling.meeting_server import MEETINGS, Service, read_meeting_server
from domain.time import TimeSlot
from ports.clock import Clock, NewId
from ports.identity.queries import PeopleQueries, PersonView
from ports.scheduling.meetings import MeetingProviders
from ports.unit_of_work import NewUnit

AHEAD: Final = timedelta(days=7)
MOST_STRAYS: Final = 100
MOST_FOUND: Final = 20
"""As many as fit into one list to choose from; the rest is found by name."""


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """``ready``: providers that are set up. ``load``: classes of each host in the next seven days. ``choices``: Qaris
    with a provider of their own, by name. ``strays``: rooms that could not be taken away yet, at most a hundred.
    """

    default: Service
    ready: tuple[Service, ...]
    hosts: tuple[MeetingHost, ...]
    load: Mapping[MeetingHostId, int]
    choices: tuple[tuple[UserId, str, Service], ...]
    strays: int


class HostFacts(msgspec.Struct, frozen=True, kw_only=True):
    provider: Service
    account: str
    address: str


class SeeMeetingHosts:
    """Raises NotPermitted."""

    def __init__(
        self, new_unit: NewUnit, clock: Clock, meeting_providers: MeetingProviders, people: PeopleQueries
    ) -> None:
        self._new_unit, self._clock, self._providers, self._people = new_unit, clock, meeting_providers, people

    async def __call__(self, actor: Actor) -> Desk:
        actor.require(Permission.SEE_SETTINGS)
        now = self._clock.now()
        async with self._new_unit() as unit:
            hosts = await unit.meeting_hosts.all()
            load = await unit.meeting_hosts.load(TimeSlot(now, now + AHEAD))
            choices = await unit.meetings.choices()
            strays = await unit.meetings.strays(MOST_STRAYS)
            default = read_meeting_server(await unit.policies.current(MEETINGS, now)).provider
        names = {person.user_id: person.name for person in await self._people.by_ids(sorted(choices))}
        chosen = [(qari_id, names.get(qari_id, ""), service) for qari_id, service in choices.items()]
        return Desk(
            default=default,
            ready=tuple(Service(name) for name in self._providers.names),
            hosts=tuple(hosts),
            load=load,
            choices=tuple(sorted(chosen, key=lambda choice: choice[1])),
            strays=len(strays),
        )


class FindQari:
    """By part of his name, for whoever may choose something else for him; the newest ones when nothing is said.

    Raises NotPermitted.
    """

    def __init__(self, people: PeopleQueries) -> None:
        self._people = people

    async def __call__(self, actor: Actor, text: str) -> Sequence[PersonView]:
        actor.require(Permission.SET_POLICIES)
        found = await self._people.search(text.strip(), role=Role.QARI, limit=MOST_FOUND)
        return sorted(found.items, key=lambda person: person.name)


class AddMeetingHost:
    """Raises NotPermitted, Invalid, Conflict for one that is there."""

    def __init__(self, new_unit: NewUnit, clock: Clock, new_id: NewId, meeting_providers: MeetingProviders) -> None:
        self._new_unit, self._clock, self._new_id, self._providers = new_unit, clock, new_id, meeting_providers

    async def __call__(self, actor: Actor, facts: HostFacts) -> MeetingHost:
        actor.require(Permission.SET_POLICIES)
        provider = self._providers.get(facts.provider)
        if provider is None or not provider.needs_host:
            raise Invalid("this provider is not set up, or needs no hosts", field="provider")
        host = MeetingHost(
            id=MeetingHostId(self._new_id()),
            provider=facts.provider,
            account=facts.account.strip(),
            address=facts.address.strip(),
            active=True,
            created_at=self._clock.now(),
        )
        async with self._new_unit() as unit:
            if not await unit.meeting_hosts.add(host):
                raise Conflict("this host is on the list already")
            unit.note(
                Act(
                    actor=actor,
                    action="scheduling.add_meeting_host",
                    subject=("meeting_host", str(host.id)),
                    after={"provider": host.provider.value, "account": host.account, "active": True},
                )
            )
            await unit.commit()
        return host


class SwitchMeetingHost:
    """On or off. One that is off keeps the classes it has. Raises NotPermitted, NotFound."""

    def __init__(self, new_unit: NewUnit) -> None:
        self._new_unit = new_unit

    async def __call__(self, actor: Actor, host_id: MeetingHostId, active: bool) -> MeetingHost:
        actor.require(Permission.SET_POLICIES)
        async with self._new_unit() as unit:
            host = await unit.meeting_hosts.get(host_id)
            if host.active is active:
                return host
            host = msgspec.structs.replace(host, active=active)
            await unit.meeting_hosts.save(host)
            unit.note(
                Act(
                    actor=actor,
                    action="scheduling.switch_meeting_host",
                    subject=("meeting_host", str(host_id)),
                    before={"active": not active},
                    after={"active": active},
                )
            )
            await unit.commit()
        return host


class ChooseMeetingProvider:
    """For one Qari, instead of the school's; None takes that back. Lessons that have a class keep it.

    Raises NotPermitted, NotFound, Invalid for a provider that is not set up.
    """

    def __init__(self, new_unit: NewUnit, meeting_providers: MeetingProviders) -> None:
        self._new_unit, self._providers = new_unit, meeting_providers

    async def __call__(self, actor: Actor, qari_id: UserId, service: Service | None) -> None:
        actor.require(Permission.SET_POLICIES)
        if service is not None and self._providers.get(service) is None:
            raise Invalid("this provider is not set up", field="provider")
        async with self._new_unit() as unit:
            await unit.qaris.get(qari_id)
            before = await unit.meetings.choice(qari_id)
            if before is service:
                return
            await unit.meetings.choose(qari_id, service)
            unit.note(
                Act(
                    actor=actor,
                    action="scheduling.choose_meeting_provider",
                    subject=("user", str(qari_id)),
                    before={"provider": before.value if before is not None else None},
                    after={"provider": service.value if service is not None else None},
                )
            )
            await unit.commit()
