"""Blocking, promoting, inviting, resetting: what is done about accounts, by whom, and what follows."""

from datetime import date, timedelta
from uuid import UUID

import msgspec
import pytest

from application.identity.block_account import BlockAccount, UnblockAccount
from application.identity.change_email import ChangeEmail, ChangeEmailCommand, ConfirmEmail, SameEmail
from application.identity.change_password import ChangePassword, ChangePasswordCommand
from application.identity.change_roles import ChangeRoles, ChangeRolesCommand
from application.identity.confirm_self import BadProof, ConfirmSelf
from application.identity.invite import EnsureAccount, Invite, NewAccount
from application.identity.request_reset import AnswerReset, RequestReset
from application.identity.reset_password import ResetPassword
from application.identity.verify_email import MintVerification
from domain.errors import Invalid, NotFound, NotPermitted, TooMany
from domain.identity.account import LastOwner
from domain.identity.actor import Actor
from domain.identity.events import (
    AccessChanged,
    EmailChanged,
    EmailChangeRequested,
    PasswordChanged,
    PasswordResetAsked,
    PasswordResetRequested,
    UserInvited,
)
from domain.identity.password import WeakPassword
from domain.identity.permission import Audience, Role
from domain.identity.session import Ending, LinkExpired, LinkUsed, Session, VerificationPurpose
from domain.identity.user import AccountStatus, EmailTaken, Onboarding, User
from domain.ids import EventId, SessionId, UserId
from fakes.clock import FixedClock
from fakes.identity import GOOD_PASSWORD, MemorySessionCache, PlainHasher, a_user
from fakes.ids import SequentialIds
from fakes.throttle import MemoryThrottle
from fakes.unit import MemoryStore, MemoryUnit

NEW_PASSWORD = "another quiet room"
WHY = "asked for by the school"


class NoCipher:
    def seal(self, text: str) -> bytes:
        return text.encode()

    def open(self, sealed: bytes) -> str:
        return sealed.decode()

    def reseal(self, sealed: bytes) -> bytes:
        return sealed


class Office:
    """An owner, an admin, a student, and every use case about their accounts."""

    def __init__(self, clock: FixedClock) -> None:
        self.clock, self.store, self.cache, self.new_id = clock, MemoryStore(), MemorySessionCache(), SequentialIds()
        self.throttle, hasher, cipher = MemoryThrottle(clock), PlainHasher(), NoCipher()
        units = self.unit
        confirm = ConfirmSelf(units, clock, hasher, cipher, self.throttle)
        self.block = BlockAccount(units, clock, self.cache)
        self.unblock = UnblockAccount(units, clock, self.cache)
        self.change_roles = ChangeRoles(units, clock, self.cache)
        self.ensure = EnsureAccount(units, clock, self.new_id, "Asia/Karachi")
        self.invite = Invite(units, clock, self.ensure)
        self.request_reset = RequestReset(units, clock, self.throttle)
        self.answer_reset = AnswerReset(units)
        self.reset = ResetPassword(units, clock, hasher, self.cache)
        self.change_password = ChangePassword(units, clock, hasher, confirm, self.cache)
        self.change_email = ChangeEmail(units, clock, confirm, self.throttle)
        self.confirm_email = ConfirmEmail(units, clock, self.cache)
        self.mint = MintVerification(units, clock, "a secret")
        self.owner = self.add(1, Role.OWNER)
        self.admin = self.add(2, Role.ADMIN)
        self.student = self.add(3, Role.STUDENT)

    def unit(self) -> MemoryUnit:
        return MemoryUnit(self.store)

    def add(self, number: int, *roles: Role) -> User:
        user = a_user(number=number, roles=frozenset(roles), email_verified_at=self.clock.now())
        self.store.shelf("users")[user.id] = user
        return user

    def user(self, user: User) -> User:
        found: User = self.store.shelf("users")[user.id]
        return found

    async def sign_in(self, user: User, audience: Audience = Audience.MAIN) -> SessionId:
        role = user.role_at(audience)
        assert role is not None
        session, issued = Session.open(
            SessionId(self.new_id()), user.id, audience=audience, role=role, at=self.clock.now()
        )
        async with self.unit() as unit:
            await unit.sessions.add(session, issued.tokens)
            await unit.commit()
        return session.id

    async def session(self, session_id: SessionId) -> Session:
        async with self.unit() as unit:
            return await unit.sessions.get(session_id)

    async def link(self, user: User, purpose: VerificationPurpose, address: str | None = None) -> str:
        return await self.mint(EventId(self.new_id()), user.id, purpose, address)


def acting(user: User, role: Role) -> Actor:
    audience = Audience.MAIN if role in (Role.STUDENT, Role.GUARDIAN, Role.QARI) else Audience.ADMIN
    return Actor(user_id=user.id, role=role, audience=audience)


@pytest.fixture
def office(clock: FixedClock) -> Office:
    return Office(clock)


async def test_blocking_ends_everything_at_once_and_is_written_down(office: Office) -> None:
    # ID-11, ADM-05
    session = await office.sign_in(office.student)
    reset = await office.link(office.student, VerificationPurpose.PASSWORD_RESET)

    await office.block(acting(office.admin, Role.ADMIN), office.student.id, WHY)

    assert office.user(office.student).status is AccountStatus.BLOCKED
    assert (await office.session(session)).ended_because is Ending.BLOCKED
    assert office.cache.forgotten == [office.student.id]
    assert AccessChanged(user_id=office.student.id, at=office.clock.now()) in office.store.events
    act = office.store.acts[-1]
    assert (act.action, act.reason, act.actor and act.actor.role) == ("identity.block", WHY, Role.ADMIN)
    assert (act.before, act.after) == ({"status": "active"}, {"status": "blocked"})
    with pytest.raises(LinkUsed):
        await office.reset(reset, NEW_PASSWORD)


async def test_a_blocked_person_can_be_let_in_again(office: Office) -> None:
    # ID-11
    admin = acting(office.admin, Role.ADMIN)
    await office.block(admin, office.student.id, WHY)

    await office.unblock(admin, office.student.id, WHY)

    assert office.user(office.student).may_sign_in
    assert [act.action for act in office.store.acts] == ["identity.block", "identity.unblock"]


@pytest.mark.parametrize("reason", ["", "  ", "no"])
async def test_nothing_is_done_to_anybody_without_a_reason(office: Office, reason: str) -> None:
    with pytest.raises(Invalid):
        await office.block(acting(office.admin, Role.ADMIN), office.student.id, reason)


async def test_the_last_owner_stays(office: Office) -> None:
    # ID-09
    second = office.add(4, Role.OWNER)
    owner = acting(second, Role.OWNER)
    demote = ChangeRolesCommand(user_id=office.owner.id, roles=[Role.ADMIN], reason=WHY)

    await office.change_roles(owner, demote)

    other = acting(office.admin, Role.OWNER)  # an owner of old who acts on the last one
    for attempt in (
        office.change_roles(other, ChangeRolesCommand(user_id=second.id, roles=[Role.STUDENT], reason=WHY)),
        office.block(other, second.id, WHY),
    ):
        with pytest.raises(LastOwner):
            await attempt
    assert office.user(second).roles == {Role.OWNER}


async def test_a_blocked_owner_does_not_count_as_one(office: Office) -> None:
    # ID-09
    second = office.add(4, Role.OWNER)
    await office.block(acting(second, Role.OWNER), office.owner.id, WHY)

    with pytest.raises(LastOwner):
        await office.block(acting(office.admin, Role.OWNER), second.id, WHY)


async def test_roles_change_for_a_reason_and_are_felt_at_once(office: Office) -> None:
    # ID-09
    command = ChangeRolesCommand(user_id=office.student.id, roles=[Role.STUDENT, Role.QARI], reason=WHY)

    changed = await office.change_roles(acting(office.admin, Role.ADMIN), command)

    assert changed.roles == {Role.STUDENT, Role.QARI}
    assert changed.onboarding_of(Role.QARI) is Onboarding.DRAFT  # a teacher is vetted, whoever made him one
    assert office.cache.forgotten == [office.student.id]
    act = office.store.acts[-1]
    assert (act.before, act.after) == ({"roles": ["student"]}, {"roles": ["qari", "student"]})
    await office.change_roles(acting(office.admin, Role.ADMIN), command)
    assert len(office.store.acts) == 1


async def test_who_may_not_change_whom(office: Office) -> None:
    # ID-08, ID-09
    admin, finance = acting(office.admin, Role.ADMIN), acting(office.admin, Role.FINANCE)
    owner_role = [Role.OWNER]
    for attempt in (
        office.block(finance, office.student.id, WHY),
        office.block(admin, office.admin.id, WHY),
        office.block(admin, office.owner.id, WHY),
        office.change_roles(admin, ChangeRolesCommand(user_id=office.student.id, roles=owner_role, reason=WHY)),
        office.change_roles(admin, ChangeRolesCommand(user_id=office.admin.id, roles=owner_role, reason=WHY)),
        office.change_roles(finance, ChangeRolesCommand(user_id=office.student.id, roles=[Role.QARI], reason=WHY)),
        office.invite(admin, NewAccount(email="new@example.org", roles=frozenset({Role.OWNER})), WHY),
    ):
        with pytest.raises(NotPermitted):
            await attempt
    assert not office.store.acts


async def test_asking_for_a_link_is_the_same_for_every_address(office: Office) -> None:
    # ID-18
    await office.request_reset(office.student.email)
    await office.request_reset("nobody@example.org")

    asked = list(office.store.events)
    assert [type(event) for event in asked] == [PasswordResetAsked, PasswordResetAsked]
    for event in asked:
        await office.answer_reset(EventId(office.new_id()), event)
    assert office.store.events[2:] == [PasswordResetRequested(user_id=office.student.id, at=office.clock.now())]


async def test_a_blocked_person_gets_no_link(office: Office) -> None:
    await office.block(acting(office.admin, Role.ADMIN), office.student.id, WHY)
    before = len(office.store.events)

    asked = PasswordResetAsked(email=office.student.email, at=office.clock.now())
    await office.answer_reset(EventId(office.new_id()), asked)

    assert len(office.store.events) == before


async def test_links_are_not_mailed_without_end(office: Office) -> None:
    # ID-14
    for _ in range(3):
        await office.request_reset("somebody@example.org")
    with pytest.raises(TooMany):
        await office.request_reset("SOMEBODY@example.org")


async def test_a_reset_signs_out_everywhere_and_is_good_once(office: Office) -> None:
    # ID-18
    sessions = [await office.sign_in(office.student) for _ in range(2)]
    first = await office.link(office.student, VerificationPurpose.PASSWORD_RESET)
    second = await office.link(office.student, VerificationPurpose.PASSWORD_RESET)

    await office.reset(first, NEW_PASSWORD)

    assert office.user(office.student).password_hash == f"hash of {NEW_PASSWORD}"
    assert [(await office.session(one)).ended_because for one in sessions] == [Ending.PASSWORD] * 2
    assert PasswordChanged(user_id=office.student.id, at=office.clock.now()) in office.store.events
    for used in (first, second):
        with pytest.raises(LinkUsed):
            await office.reset(used, "yet another quiet room")


async def test_a_link_of_another_kind_or_age_resets_nothing(office: Office) -> None:
    # ID-18
    verify = await office.link(office.student, VerificationPurpose.EMAIL)
    reset = await office.link(office.student, VerificationPurpose.PASSWORD_RESET)

    with pytest.raises(NotFound):
        await office.reset(verify, NEW_PASSWORD)
    with pytest.raises(WeakPassword):
        await office.reset(reset, "short")
    office.clock.advance(timedelta(hours=1))
    with pytest.raises(LinkExpired):
        await office.reset(reset, NEW_PASSWORD)


async def test_changing_the_password_keeps_this_device_alone(office: Office) -> None:
    # ID-18
    here, there = await office.sign_in(office.student), await office.sign_in(office.student)
    me = acting(office.student, Role.STUDENT)
    wrong = ChangePasswordCommand(proof="not it", password=NEW_PASSWORD, session_id=here)
    right = ChangePasswordCommand(proof=GOOD_PASSWORD, password=NEW_PASSWORD, session_id=here)

    with pytest.raises(BadProof):
        await office.change_password(me, wrong)
    await office.change_password(me, right)

    assert office.user(office.student).password_hash == f"hash of {NEW_PASSWORD}"
    assert (await office.session(here)).ended_at is None
    assert (await office.session(there)).ended_because is Ending.PASSWORD


async def test_a_new_address_holds_from_the_moment_it_is_proven(office: Office) -> None:
    # ID-18
    me, old = acting(office.student, Role.STUDENT), office.student.email
    reset = await office.link(office.student, VerificationPurpose.PASSWORD_RESET)

    await office.change_email(me, ChangeEmailCommand(email="new@example.org", proof=GOOD_PASSWORD))

    asked = EmailChangeRequested(user_id=office.student.id, email="new@example.org", at=office.clock.now())
    assert office.store.events == [asked]
    assert office.user(office.student).email == old
    link = await office.link(office.student, VerificationPurpose.NEW_EMAIL, "new@example.org")
    await office.confirm_email(link)
    assert office.user(office.student).email == "new@example.org"
    assert EmailChanged(user_id=office.student.id, was=old, at=office.clock.now()) in office.store.events
    with pytest.raises(LinkUsed):  # it went to the old mailbox
        await office.reset(reset, NEW_PASSWORD)
    with pytest.raises(SameEmail):
        await office.change_email(me, ChangeEmailCommand(email="new@example.org", proof=GOOD_PASSWORD))


async def test_an_address_that_was_taken_meanwhile_is_refused_at_the_end_only(office: Office) -> None:
    # ID-18: asking does not tell who has an account
    me = acting(office.student, Role.STUDENT)

    await office.change_email(me, ChangeEmailCommand(email=office.owner.email, proof=GOOD_PASSWORD))

    link = await office.link(office.student, VerificationPurpose.NEW_EMAIL, office.owner.email)
    with pytest.raises(EmailTaken):
        await office.confirm_email(link)


async def test_paying_without_an_account_makes_one_and_one_invitation(office: Office) -> None:
    # ID-12
    first = await office.ensure(NewAccount(email="buyer@example.org"))
    again = await office.ensure(NewAccount(email="Buyer@Example.org"))

    assert first.id == again.id
    assert (first.name, first.zone, first.password_hash) == ("buyer", "Asia/Karachi", "")
    assert office.store.events == [UserInvited(user_id=first.id, at=office.clock.now())]


@pytest.mark.parametrize("role", [Role.STUDENT, Role.GUARDIAN, Role.QARI])
async def test_whoever_makes_the_account_its_owner_applies(office: Office, role: Role) -> None:  # ONB-05, SAFE-01
    invited = await office.invite(
        acting(office.owner, Role.OWNER),
        NewAccount(email="new@example.org", roles=frozenset({role})),
        "asked on the phone",
    )
    promoted, _ = office.student.with_roles(office.student.roles | {role}, at=office.clock.now())

    assert invited.onboarding == {role: Onboarding.DRAFT}
    assert promoted.onboarding == ({} if role is Role.STUDENT else {role: Onboarding.DRAFT})


async def test_who_has_told_his_age_is_not_asked_again(office: Office) -> None:
    known = msgspec.structs.replace(office.student, birth_date=date(1990, 1, 1))

    promoted, _ = known.with_roles(known.roles | {Role.GUARDIAN}, at=office.clock.now())

    assert promoted.onboarding_of(Role.GUARDIAN).cleared


async def test_an_invitation_is_a_link_to_choose_a_password(office: Office) -> None:
    # ID-12
    admin = acting(office.admin, Role.ADMIN)
    user = await office.invite(admin, NewAccount(email="q@example.org", roles=frozenset({Role.QARI})), WHY)
    await office.invite(admin, NewAccount(email="q@example.org"), WHY)
    link = await office.link(user, VerificationPurpose.INVITE)

    await office.reset(link, NEW_PASSWORD)

    entered = office.user(user)
    assert (entered.password_hash, entered.email_verified_at) == (f"hash of {NEW_PASSWORD}", office.clock.now())
    assert entered.roles == {Role.QARI}
    assert [type(event) for event in office.store.events[:2]] == [UserInvited, UserInvited]
    with pytest.raises(EmailTaken):
        await office.invite(admin, NewAccount(email="q@example.org"), WHY)


async def test_nobody_is_changed_who_is_not_there(office: Office) -> None:
    with pytest.raises(NotFound):
        await office.block(acting(office.admin, Role.ADMIN), UserId(UUID(int=404)), WHY)
