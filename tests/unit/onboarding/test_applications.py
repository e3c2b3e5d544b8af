"""From the first word of an application to the school's decision. (ONB-01…05, ONB-07)"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
import pytest

from application.onboarding.apply_for_role import ApplyForRole
from application.onboarding.documents import (
    AttachCommand,
    AttachDocument,
    ReadDocument,
    ReadOwnDocument,
    RemoveDocument,
)
from application.onboarding.own_application import DraftCommand, SaveDraft, SeeOwnApplication
from application.onboarding.review import ApproveApplication, ClaimApplication, RejectApplication, ReleaseApplication
from application.onboarding.see_applications import RevealNationalId
from application.onboarding.submit import SubmitApplication, TakeBack
from domain.booking.policy import PolicyRow
from domain.errors import Conflict, IllegalTransition, Invalid, NotFound, NotPermitted
from domain.identity.actor import Actor, OnboardingRequired
from domain.identity.permission import GATED, Audience, Permission, Role
from domain.identity.user import Onboarding
from domain.ids import UserId
from domain.onboarding.application import Application, Status
from domain.onboarding.errors import AlreadyClaimed, ApplicationLocked, DocumentRefused, Incomplete
from domain.onboarding.events import ApplicationApproved, ApplicationRejected, ApplicationSubmitted
from domain.onboarding.forms import QariForm
from domain.onboarding.national_id import BadNationalId
from domain.onboarding.placement import Portion
from domain.onboarding.policy import ONBOARDING_POLICY, DocumentKind, OnboardingPolicy
from domain.scheduling.qari import Gender
from fakes.clock import FixedClock
from fakes.identity import MemorySessionCache, a_user
from fakes.ids import SequentialIds
from fakes.onboarding import (
    APPLICANT,
    PDF,
    HeadSniffer,
    MemoryFiles,
    PlainCipher,
    WordScanner,
    a_learner_form,
    a_qari_form,
)
from fakes.unit import MemoryStore
from support.units import memory_units

LEAD = Actor(user_id=UserId(UUID(int=77)), role=Role.TEACHING_LEAD, audience=Audience.ADMIN)
OTHER_LEAD = msgspec.structs.replace(LEAD, user_id=UserId(UUID(int=78)))
SUPPORT = msgspec.structs.replace(LEAD, role=Role.SUPPORT)
CNIC = "35202-1234567-1"


class School:
    """All use cases over one store, and one applicant."""

    def __init__(self, clock: FixedClock) -> None:
        self.store, self.clock, self.cache = MemoryStore(), clock, MemorySessionCache()
        self.units, self.files, new_id = memory_units(self.store), MemoryFiles(), SequentialIds()
        cipher = PlainCipher()
        self.see = SeeOwnApplication(self.units, clock, new_id)
        self.save = SaveDraft(self.units, clock, new_id, cipher, self.cache)
        self.submit = SubmitApplication(self.units, clock, self.cache)
        self.take_back = TakeBack(self.units, clock, self.cache)
        self.apply_for = ApplyForRole(self.units, clock, self.cache)
        self.attach = AttachDocument(self.units, clock, new_id, self.files, HeadSniffer(), WordScanner())
        self.remove = RemoveDocument(self.units, clock, self.files)
        self.read_own, self.read = ReadOwnDocument(self.units, self.files), ReadDocument(self.units, self.files)
        self.claim, self.release = ClaimApplication(self.units, clock), ReleaseApplication(self.units)
        self.approve = ApproveApplication(self.units, clock, self.cache)
        self.reject = RejectApplication(self.units, clock, self.cache)
        self.reveal = RevealNationalId(self.units, cipher)

    async def applicant(self, role: Role) -> Actor:
        user = a_user(id=APPLICANT, roles=frozenset({role}), onboarding={role: Onboarding.DRAFT})
        async with self.units() as unit:
            await unit.users.add(user)
            await unit.commit()
        return Actor(user_id=APPLICANT, role=role, audience=Audience.MAIN, onboarded=False)

    async def qari_ready(self) -> Actor:
        """His form is complete and his card attached; nothing is handed in yet."""
        actor = await self.applicant(Role.QARI)
        await self.save(actor, DraftCommand(form=a_qari_form(), id_country="PK", national_id=CNIC))
        await self.attach(actor, AttachCommand(kind=DocumentKind.IDENTITY, name="cnic.pdf", content=PDF))
        return actor

    async def qari_submitted(self) -> tuple[Actor, Application]:
        actor = await self.qari_ready()
        return actor, (await self.submit(actor)).application

    async def rule(self, policy: OnboardingPolicy) -> None:
        body = msgspec.json.encode(policy).decode()
        row = PolicyRow(kind=ONBOARDING_POLICY, version=1, body=body, effective_from=self.clock.now(), created_by=None)
        async with self.units() as unit:
            await unit.policies.add(row)
            await unit.commit()

    def stored(self, shelf: str, key: Any = None) -> Any:
        found = self.store.shelf(shelf)
        return found[key] if key is not None else next(iter(found.values()))

    def onboarding(self, role: Role) -> Onboarding:
        told: Onboarding = self.stored("users", APPLICANT).onboarding_of(role)
        return told

    def events(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.store.events if isinstance(event, kind)]

    def actions(self) -> list[str]:
        return [act.action for act in self.store.acts]


@pytest.fixture
def school(clock: FixedClock) -> School:
    return School(clock)


async def test_a_draft_starts_with_what_the_account_says_and_is_not_kept_before_it_is_saved(school: School) -> None:
    actor = await school.applicant(Role.STUDENT)

    own = await school.see(actor)

    assert (own.application.form.name, own.application.form.zone) == ("Maryam Khan", "Asia/Karachi")
    assert set(own.missing) == {"birth_date", "gender", "level", "goals"}
    assert not school.store.shelf("applications")


async def test_a_draft_survives_in_pieces(school: School) -> None:
    # ONB-01
    actor = await school.applicant(Role.STUDENT)

    await school.save(actor, DraftCommand(form=a_learner_form(level=None, goals=())))
    own = await school.save(actor, DraftCommand(form=a_learner_form(goals=())))

    assert own.missing == ("goals",)
    assert (await school.see(actor)).application == own.application
    with pytest.raises(Incomplete) as refused:
        await school.submit(actor)
    assert refused.value.details["missing"] == ["goals"]


async def test_a_complete_student_is_approved_at_once_and_his_placement_begins(school: School) -> None:
    # ONB-01, ONB-05, ONB-07
    actor = await school.applicant(Role.STUDENT)
    await school.save(actor, DraftCommand(form=a_learner_form()))

    own = await school.submit(actor)

    assert own.application.status is Status.APPROVED
    assert school.onboarding(Role.STUDENT) is Onboarding.APPROVED
    assert [event.decided_by for event in school.events(ApplicationApproved)] == [None]
    assert school.cache.forgotten == [APPLICANT]
    placement = school.stored("placements", APPLICANT)
    assert placement.memorized == (Portion(juz=30), Portion(surah=36), Portion(surah=67))
    assert (placement.match.qari_gender, placement.match.language) == (Gender.FEMALE, "ur")
    async with school.units() as unit:
        facts = await unit.learners.facts(APPLICANT)
    assert (facts.gender, facts.wish.qari_gender, facts.wish.languages) == (Gender.FEMALE, Gender.FEMALE, ("ur",))
    assert facts.birth_date == a_learner_form().birth_date


async def test_a_school_may_look_at_students_first(school: School) -> None:
    await school.rule(OnboardingPolicy(review_students=True))
    actor = await school.applicant(Role.STUDENT)
    await school.save(actor, DraftCommand(form=a_learner_form()))

    own = await school.submit(actor)

    assert (own.application.status, school.onboarding(Role.STUDENT)) == (Status.SUBMITTED, Onboarding.SUBMITTED)
    assert len(school.events(ApplicationSubmitted)) == 1
    with pytest.raises(ApplicationLocked):
        await school.save(actor, DraftCommand(form=a_learner_form(name="Somebody else")))


async def test_a_qari_hands_in_his_card_his_number_and_his_hours(school: School) -> None:
    # ONB-02, ONB-03
    actor = await school.applicant(Role.QARI)
    own = await school.save(actor, DraftCommand(form=a_qari_form()))
    assert own.missing == ("national_id", "documents.identity")
    with pytest.raises(BadNationalId):
        await school.save(actor, DraftCommand(form=a_qari_form(), id_country="PK", national_id="123"))

    await school.save(actor, DraftCommand(form=a_qari_form(), id_country="PK", national_id=CNIC))
    await school.save(actor, DraftCommand(form=a_qari_form(bio="Another word.")))
    await school.attach(actor, AttachCommand(kind=DocumentKind.IDENTITY, name="../cnic.pdf", content=PDF))
    own = await school.submit(actor)

    assert own.application.national_id is not None
    assert own.application.national_id.tail == "5671"
    assert CNIC.encode() not in own.application.national_id.sealed
    assert [document.name for document in own.documents] == ["cnic.pdf"]
    assert school.onboarding(Role.QARI) is Onboarding.SUBMITTED


async def test_the_approved_hours_become_the_calendar_unchanged(school: School) -> None:
    # ONB-02
    actor, application = await school.qari_submitted()

    await school.approve(LEAD, application.id)

    form = a_qari_form()
    profile, calendar = school.stored("qaris", APPLICANT), school.stored("calendars", APPLICANT)
    assert sorted(calendar.rules) == sorted(form.rules)
    assert (profile.approved, profile.zone, profile.riwayat) == (True, form.zone, form.riwayat)
    assert (profile.languages, profile.gender, profile.offers) == (form.languages, form.gender, ())
    assert school.onboarding(Role.QARI) is Onboarding.APPROVED
    assert school.cache.forgotten[-1] == actor.user_id


async def test_one_decision_has_one_event_and_one_line_in_the_audit_log(school: School) -> None:
    # ONB-04
    _, application = await school.qari_submitted()

    await school.approve(LEAD, application.id)
    with pytest.raises(IllegalTransition):
        await school.approve(OTHER_LEAD, application.id)
    with pytest.raises(IllegalTransition):
        await school.reject(OTHER_LEAD, application.id, "too late")

    assert [event.decided_by for event in school.events(ApplicationApproved)] == [LEAD.user_id]
    assert school.actions().count("onboarding.approve") == 1


async def test_a_rejection_says_why_and_opens_the_form_again(school: School) -> None:
    # ONB-01, ONB-04
    actor, application = await school.qari_submitted()
    with pytest.raises(Invalid):
        await school.reject(LEAD, application.id, "  ")

    await school.reject(LEAD, application.id, "The scan cannot be read.")

    assert [event.reason for event in school.events(ApplicationRejected)] == ["The scan cannot be read."]
    assert school.onboarding(Role.QARI) is Onboarding.REJECTED
    own = await school.save(actor, DraftCommand(form=a_qari_form(bio="With a better scan.")))
    assert (own.application.status, own.application.reason) == (Status.DRAFT, "The scan cannot be read.")
    again = await school.submit(actor)
    assert (again.application.edition, again.application.reason) == (2, "")
    editions = school.store.shelf("application_editions")
    assert [(one.edition, one.outcome) for one in editions.values()] == [(1, Status.REJECTED), (2, Status.SUBMITTED)]
    assert isinstance(editions[application.id, 1].form, QariForm)
    assert editions[application.id, 1].form.bio == a_qari_form().bio


async def test_what_lies_with_the_school_can_be_taken_back_and_handed_in_again(school: School) -> None:
    # ONB-01
    actor, _ = await school.qari_submitted()

    await school.take_back(actor)
    again = await school.submit(actor)

    assert (again.application.status, again.application.edition) == (Status.SUBMITTED, 2)
    with pytest.raises(NotFound):
        await school.take_back(msgspec.structs.replace(actor, role=Role.STUDENT))


async def test_one_of_the_school_takes_an_application_and_another_may_take_it_over(school: School) -> None:
    # ADM-03
    _, application = await school.qari_submitted()

    await school.claim(LEAD, application.id)
    with pytest.raises(AlreadyClaimed):
        await school.claim(OTHER_LEAD, application.id)
    taken = await school.claim(OTHER_LEAD, application.id, over=True)
    freed = await school.release(OTHER_LEAD, application.id)

    assert (taken.owner_id, freed.owner_id) == (OTHER_LEAD.user_id, None)
    assert school.actions() == ["onboarding.claim", "onboarding.claim", "onboarding.release"]


async def test_nobody_decides_on_himself_and_support_decides_nothing(school: School) -> None:
    _, application = await school.qari_submitted()

    with pytest.raises(NotPermitted):
        await school.approve(msgspec.structs.replace(LEAD, user_id=APPLICANT), application.id)
    with pytest.raises(NotPermitted):
        await school.approve(SUPPORT, application.id)
    with pytest.raises(NotPermitted):
        await school.reveal(SUPPORT, application.id)


async def test_looking_at_a_secret_is_written_down(school: School) -> None:
    # ONB-03, ADM-05
    _, application = await school.qari_submitted()
    document = school.stored("documents")

    number = await school.reveal(LEAD, application.id)
    _, content = await school.read(LEAD, application.id, document.id)

    assert (number, content) == (CNIC, PDF)
    assert school.actions() == ["onboarding.reveal_id", "onboarding.read_document"]
    assert CNIC not in str(school.store.acts)


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"", "empty"), (b"<html>", "PDF, JPEG"), (b"GIF89a", "PDF, JPEG"), (PDF + b"EICAR", "harmful")],
)
async def test_only_harmless_files_of_known_kinds_are_kept(school: School, content: bytes, why: str) -> None:
    # ONB-02
    actor = await school.applicant(Role.QARI)

    with pytest.raises(DocumentRefused, match=why):
        await school.attach(actor, AttachCommand(kind=DocumentKind.OTHER, name="x.pdf", content=content))

    assert not school.files.files


async def test_a_document_that_was_never_handed_in_is_gone_for_good_and_one_that_was_is_kept(school: School) -> None:
    actor = await school.qari_ready()
    extra = await school.attach(actor, AttachCommand(kind=DocumentKind.OTHER, name="x.pdf", content=PDF))
    await school.remove(actor, extra.id)
    assert list(school.files.files) == [document.key for document in school.store.shelf("documents").values()]

    application = (await school.submit(actor)).application
    document = school.stored("documents")
    with pytest.raises(ApplicationLocked):
        await school.remove(actor, document.id)
    await school.reject(LEAD, application.id, "Another one, please.")
    await school.remove(actor, document.id)

    with pytest.raises(NotFound):
        await school.read_own(actor, document.id)
    assert (await school.read(LEAD, application.id, document.id))[1] == PDF


async def test_documents_of_others_are_not_there(school: School) -> None:
    actor = await school.qari_ready()
    document = school.stored("documents")
    stranger = msgspec.structs.replace(actor, user_id=UserId(UUID(int=5)))

    for act in (school.read_own, school.remove):
        asked: Callable[..., Any] = act
        with pytest.raises(NotFound):
            await asked(stranger, document.id)


async def test_a_student_who_wants_to_teach_gets_the_role_and_a_draft(school: School) -> None:
    actor = await school.applicant(Role.STUDENT)

    user = await school.apply_for(actor, Role.QARI)

    assert user.onboarding_of(Role.QARI) is Onboarding.DRAFT
    with pytest.raises(Conflict):
        await school.apply_for(actor, Role.QARI)
    with pytest.raises(Invalid):
        await school.apply_for(actor, Role.ADMIN)


@pytest.mark.parametrize("permission", sorted(GATED))
@pytest.mark.parametrize("role", [Role.STUDENT, Role.QARI])
def test_what_is_gated_is_refused_until_the_application_is_approved(permission: Permission, role: Role) -> None:
    # ONB-05
    actor = Actor(user_id=APPLICANT, role=role, audience=Audience.MAIN, onboarded=False)

    with pytest.raises(NotPermitted) as refused:
        actor.require(permission)

    if permission in actor.permissions:
        assert isinstance(refused.value, OnboardingRequired)
        assert refused.value.code == "onboarding_required"
        msgspec.structs.replace(actor, onboarded=True).require(permission)


async def test_nobody_comes_of_age_by_applying_for_another_role(clock: FixedClock) -> None:  # SAFE-01
    school = School(clock)
    child = await school.applicant(Role.STUDENT)
    born = clock.now().date().replace(year=clock.now().year - 12)
    await school.save(child, DraftCommand(form=a_learner_form(birth_date=born)))
    await school.submit(child)
    await school.apply_for(child, Role.GUARDIAN)
    as_guardian = msgspec.structs.replace(child, role=Role.GUARDIAN)
    await school.save(as_guardian, DraftCommand(form=a_learner_form(birth_date=born.replace(year=1980))))

    with pytest.raises(Invalid) as refused:
        await school.submit(as_guardian)

    assert refused.value.details["field"] == "birth_date"
    assert school.stored("users", APPLICANT).birth_date == born
    assert school.onboarding(Role.GUARDIAN) is Onboarding.DRAFT
