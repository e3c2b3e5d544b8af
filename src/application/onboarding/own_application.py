"""An applicant's own application: looked at, written down bit by bit, as often as he likes. (ONB-01, ONB-02)"""

import msgspec

from domain.errors import NotPermitted
from domain.identity.actor import Actor
from domain.identity.events import AccessChanged
from domain.identity.permission import Audience, Permission, Role
from domain.identity.user import SELF_CHOSEN, User
from domain.ids import ApplicationId
from domain.onboarding.application import Application, SealedId
from domain.onboarding.document import Document
from domain.onboarding.forms import Form, empty_form
from domain.onboarding.national_id import national_id
from domain.onboarding.policy import ONBOARDING_POLICY, OnboardingPolicy, read_onboarding_policy
from ports.cipher import Cipher
from ports.clock import Clock, NewId
from ports.identity.session_cache import SessionCache
from ports.unit_of_work import NewUnit, UnitOfWork


class OwnApplication(msgspec.Struct, frozen=True, kw_only=True):
    """``missing``: what has to be told or attached before it can be handed in. ``reviewed``: a person decides."""

    application: Application
    documents: tuple[Document, ...]
    missing: tuple[str, ...]
    reviewed: bool


class DraftCommand(msgspec.Struct, frozen=True, kw_only=True):
    """An empty ``national_id`` leaves the one that is kept already."""

    form: Form
    id_country: str = ""
    national_id: str = ""


class SeeOwnApplication:
    """Of the role that he acts in. One that nobody has begun is shown as it would begin. Raises NotPermitted."""

    def __init__(self, new_unit: NewUnit, clock: Clock, new_id: NewId) -> None:
        self._new_unit, self._clock, self._new_id = new_unit, clock, new_id

    async def __call__(self, actor: Actor) -> OwnApplication:
        role = applying_role(actor)
        async with self._new_unit() as unit:
            application = await unit.applications.of(actor.user_id, role)
            if application is None:
                application = begun(await unit.users.get(actor.user_id), role, self._clock, self._new_id)
            return await described(unit, application, self._clock)


class SaveDraft:
    """Raises NotPermitted, Invalid, BadNationalId, ApplicationLocked, StaleWrite."""

    def __init__(
        self, new_unit: NewUnit, clock: Clock, new_id: NewId, cipher: Cipher, session_cache: SessionCache
    ) -> None:
        self._new_unit, self._clock, self._new_id = new_unit, clock, new_id
        self._cipher, self._cache = cipher, session_cache

    async def __call__(self, actor: Actor, command: DraftCommand) -> OwnApplication:
        sealed = self._sealed(command)
        async with self._new_unit() as unit:
            application = await of_actor(unit, actor, self._clock, self._new_id)
            application = application.write(command.form, at=self._clock.now(), national_id=sealed)
            await unit.applications.save(application)
            changed = await follow(unit, application, self._clock)
            shown = await described(unit, application, self._clock)
            await unit.commit()
        if changed:
            await self._cache.forget(actor.user_id)
        return shown

    def _sealed(self, command: DraftCommand) -> SealedId | None:
        if not command.national_id.strip():
            return None
        known = national_id(command.id_country, command.national_id)
        return SealedId(country=known.country, tail=known.tail, sealed=self._cipher.seal(known.number))


def applying_role(actor: Actor) -> Role:
    """Raises NotPermitted."""
    actor.require(Permission.APPLY)
    if actor.role not in SELF_CHOSEN or actor.audience is not Audience.MAIN:
        raise NotPermitted("nobody applies for this role")
    return actor.role


def begun(user: User, role: Role, clock: Clock, new_id: NewId) -> Application:
    now = clock.now()
    return Application(
        id=ApplicationId(new_id()),
        user_id=user.id,
        role=role,
        form=empty_form(role, name=user.name, zone=user.zone, language=user.locale),
        created_at=now,
        updated_at=now,
    )


async def of_actor(unit: UnitOfWork, actor: Actor, clock: Clock, new_id: NewId) -> Application:
    """His application for the role he acts in, begun if need be, locked. Raises NotPermitted."""
    role = applying_role(actor)
    application = await unit.applications.of(actor.user_id, role)
    if application is None:
        application = begun(await unit.users.get(actor.user_id), role, clock, new_id)
        await unit.applications.add(application)
    return application


async def policy_of(unit: UnitOfWork, clock: Clock) -> OnboardingPolicy:
    return read_onboarding_policy(await unit.policies.current(ONBOARDING_POLICY, clock.now()))


def lacking(application: Application, documents: tuple[Document, ...], policy: OnboardingPolicy) -> list[str]:
    """What a Qari has to hand in beside the form."""
    if application.role is not Role.QARI:
        return []
    kinds = {document.kind for document in documents}
    found = [] if application.national_id is not None else ["national_id"]
    return found + [f"documents.{kind.value}" for kind in policy.qari_documents if kind not in kinds]


async def described(unit: UnitOfWork, application: Application, clock: Clock) -> OwnApplication:
    policy = await policy_of(unit, clock)
    documents = tuple(await unit.documents.of(application.id))
    return OwnApplication(
        application=application,
        documents=documents,
        missing=(*application.form.missing(application.role), *lacking(application, documents, policy)),
        reviewed=policy.reviewed(application.role),
    )


async def follow(unit: UnitOfWork, application: Application, clock: Clock) -> bool:
    """The account says how far its application is. Whether that has changed."""
    user = await unit.users.get(application.user_id)
    if user.onboarding_of(application.role) is application.onboarding:
        return False
    await unit.users.save(user.with_onboarding(application.role, application.onboarding))
    unit.record(AccessChanged(user_id=user.id, at=clock.now()))
    return True
