"""A guardianship at random: every step is in the table, an ended one gives nothing, a minor keeps one of record."""

import asyncio
from collections.abc import Awaitable
from typing import Any
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from application.identity.guardians import (
    AcceptGuardianship,
    EndGuardianship,
    InviteGuardian,
    Link,
    LinkGuardian,
    SetGuardianRights,
)
from domain.errors import DomainError
from domain.identity.actor import Actor
from domain.identity.guardianship import ALL_RIGHTS, GUARDIANSHIP, Guardianship, GuardianshipStatus, Right
from domain.identity.permission import Audience, Role
from domain.ids import GuardianshipId, UserId
from fakes.guardians import CHILD
from fakes.identity import MemorySessionCache, a_user
from fakes.unit import MemoryStore
from support.family import CHILD_ITSELF, PARENT, Family
from support.lessons import ADMIN, STUDENT
from support.units import memory_units

AUNT = Actor(user_id=UserId(UUID(int=0xA11)), role=Role.GUARDIAN, audience=Audience.MAIN)
UNCLE = Actor(user_id=UserId(UUID(int=0xA12)), role=Role.GUARDIAN, audience=Audience.MAIN)
ACTORS = (PARENT, AUNT, UNCLE, CHILD_ITSELF, STUDENT, ADMIN)
ADDRESSES = {AUNT: "aunt@example.org", UNCLE: "uncle@example.org"}


class GuardianshipLife(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.store = MemoryStore()
        self.family = Family(memory_units(self.store))
        self.loop = asyncio.new_event_loop()
        self.before: dict[GuardianshipId, Guardianship] = {}

    def teardown(self) -> None:
        self.loop.close()

    def attempt(self, doing: Awaitable[Any]) -> None:
        async def done() -> None:
            await doing

        try:
            self.loop.run_until_complete(done())
        except DomainError:
            return

    @initialize()
    def settle(self) -> None:
        self.loop.run_until_complete(self.family.settle())
        for number, (actor, email) in enumerate(ADDRESSES.items(), 10):
            self.store.shelf("users")[actor.user_id] = a_user(number=number, id=actor.user_id, email=email)
        self.remember()

    @rule(actor=st.sampled_from(ACTORS), email=st.sampled_from([*ADDRESSES.values(), "nobody@example.org"]))
    def ask(self, actor: Actor, email: str) -> None:
        case = InviteGuardian(self.family.new_unit, self.family.clock, self.store.new_id)
        self.attempt(case(actor, CHILD, email, frozenset({Right.SEE})))

    @rule(actor=st.sampled_from((AUNT, UNCLE)), of_record=st.booleans())
    def link(self, actor: Actor, of_record: bool) -> None:
        case = LinkGuardian(self.family.new_unit, self.family.clock, self.store.new_id, MemorySessionCache())
        link = Link(guardian_id=actor.user_id, child_id=CHILD, of_record=of_record)
        self.attempt(case(ADMIN, link, "papers seen"))

    @rule(data=st.data(), actor=st.sampled_from(ACTORS))
    def accept(self, data: st.DataObject, actor: Actor) -> None:
        case = AcceptGuardianship(self.family.new_unit, self.family.clock, MemorySessionCache())
        self.attempt(case(actor, self.any_of(data)))

    @rule(data=st.data(), actor=st.sampled_from(ACTORS))
    def end(self, data: st.DataObject, actor: Actor) -> None:
        self.attempt(EndGuardianship(self.family.new_unit, self.family.clock)(actor, self.any_of(data), "a reason"))

    @rule(data=st.data(), actor=st.sampled_from(ACTORS), rights=st.sets(st.sampled_from(Right), min_size=1))
    def set_rights(self, data: st.DataObject, actor: Actor, rights: set[Right]) -> None:
        self.attempt(SetGuardianRights(self.family.new_unit)(actor, self.any_of(data), frozenset(rights)))

    def any_of(self, data: st.DataObject) -> GuardianshipId:
        chosen: GuardianshipId = data.draw(st.sampled_from(sorted(self.store.shelf("guardianships"))))
        return chosen

    def remember(self) -> None:
        self.before = dict(self.store.shelf("guardianships"))

    @invariant()
    def every_step_is_in_the_table_and_counted(self) -> None:
        for key, now in self.store.shelf("guardianships").items():
            was = self.before.get(key)
            if was is None or was == now:
                continue
            assert was.version < now.version
            assert was.status is now.status or now.status in GUARDIANSHIP.table[was.status]
            assert (was.guardian_id, was.child_id) == (now.guardian_id, now.child_id)
        self.remember()

    @invariant()
    def a_minor_keeps_a_guardian_of_record(self) -> None:
        found = self.store.shelf("guardianships").values()
        assert not found or any(each.of_record and each.is_active for each in found)

    @invariant()
    def what_is_not_active_gives_nothing(self) -> None:
        for each in self.store.shelf("guardianships").values():
            given = {right for right in Right if each.gives(right)}
            assert given == (set(each.rights) if each.status is GuardianshipStatus.ACTIVE else set())
            assert not each.of_record or each.rights == ALL_RIGHTS

    @invariant()
    def two_people_are_joined_by_one_open_guardianship(self) -> None:
        open_ones = [
            (each.guardian_id, each.child_id)
            for each in self.store.shelf("guardianships").values()
            if each.status in (GuardianshipStatus.PENDING, GuardianshipStatus.ACTIVE)
        ]
        assert len(open_ones) == len(set(open_ones))


GuardianshipLife.TestCase.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)
TestGuardianshipLife = GuardianshipLife.TestCase
