"""The schools of one installation: made, named and found by its owners. (ADM-10)

Whoever owns the first academy owns the installation. The owner of another one may rename his own; of all others he
hears that they do not exist.
"""

from collections.abc import Sequence

import msgspec

from application.identity.invite import EnsureAccount, NewAccount
from domain.errors import NotFound, NotPermitted
from domain.identity.academy import Academy, Host, academy_name
from domain.identity.actor import Actor
from domain.identity.permission import Permission, Role
from domain.ids import AcademyId
from domain.oversight.audit import Act
from ports.academy import FIRST_ACADEMY, current_academy, within
from ports.clock import Clock, NewId
from ports.identity.academies import AcademyQueries
from ports.unit_of_work import NewUnit


class NewAcademy(msgspec.Struct, frozen=True, kw_only=True):
    """``owner_email``: who is invited to run it."""

    name: str
    owner_email: str
    owner_name: str = ""
    hosts: tuple[Host, ...] = ()


class ListAcademies:
    """All of them for the installation's owner, his own for another. Raises NotPermitted."""

    def __init__(self, academy_queries: AcademyQueries) -> None:
        self._queries = academy_queries

    async def __call__(self, actor: Actor) -> Sequence[Academy]:
        actor.require(Permission.MANAGE_ACADEMIES)
        found = await self._queries.all()
        return [academy for academy in found if _reaches(academy.id)]


class CreateAcademy:
    """And invites its owner. ``actor`` None is the command line. Raises NotPermitted, Invalid, HostTaken."""

    def __init__(self, new_unit: NewUnit, clock: Clock, new_id: NewId, ensure_account: EnsureAccount) -> None:
        self._new_unit, self._clock, self._new_id, self._ensure = new_unit, clock, new_id, ensure_account

    async def __call__(self, actor: Actor | None, wanted: NewAcademy) -> Academy:
        if actor is not None:
            actor.require(Permission.MANAGE_ACADEMIES)
            if current_academy() != FIRST_ACADEMY:
                raise NotPermitted("only the installation's owner makes academies")
        empty = Academy(
            id=AcademyId(self._new_id()), name=academy_name(wanted.name), created_at=self._clock.now(), version=0
        )
        academy = empty.serving(wanted.hosts)
        owner = NewAccount(email=wanted.owner_email, name=wanted.owner_name, roles=frozenset({Role.OWNER}))
        async with self._new_unit() as unit:
            await unit.academies.add(academy)
            unit.note(
                Act(
                    actor=actor,
                    action="identity.create_academy",
                    subject=("academy", str(academy.id)),
                    after=_told(academy),
                )
            )
            await unit.commit()
        with within(academy.id):
            await self._ensure.made(
                owner,
                Act(actor=None, action="identity.invite", subject=("user", ""), after={"roles": [Role.OWNER.value]}),
            )
        return academy


class ChangeAcademy:
    """Another name, other hosts; what is None stays. Raises NotPermitted, NotFound, Invalid, HostTaken, StaleWrite."""

    def __init__(self, new_unit: NewUnit) -> None:
        self._new_unit = new_unit

    async def __call__(
        self,
        actor: Actor,
        academy_id: AcademyId,
        *,
        name: str | None = None,
        hosts: tuple[Host, ...] | None = None,
    ) -> Academy:
        actor.require(Permission.MANAGE_ACADEMIES)
        if not _reaches(academy_id):
            raise NotFound("there is no such academy")
        if hosts is not None and current_academy() != FIRST_ACADEMY:
            raise NotPermitted("only the installation's owner says which host leads where")
        async with self._new_unit() as unit:
            stored = changed = await unit.academies.get(academy_id)
            if name is not None:
                changed = changed.renamed(name)
            if hosts is not None:
                changed = changed.serving(hosts)
            changed = msgspec.structs.replace(changed, version=stored.version + 1)
            before, after = _told(stored), _told(changed)
            await unit.academies.save(changed)
            unit.note(
                Act(
                    actor=actor,
                    action="identity.change_academy",
                    subject=("academy", str(academy_id)),
                    before={part: before[part] for part in before if before[part] != after[part]},
                    after={part: after[part] for part in after if before[part] != after[part]},
                )
            )
            await unit.commit()
        return changed


def _reaches(academy_id: AcademyId) -> bool:
    return current_academy() in {FIRST_ACADEMY, academy_id}


def _told(academy: Academy) -> dict[str, object]:
    return {"name": academy.name, "hosts": [f"{host.door}:{host.name}" for host in academy.hosts]}
