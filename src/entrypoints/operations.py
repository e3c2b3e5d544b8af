"""What the command line does with the assembled system: the use cases, run by whoever owns the machine."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import UUID

import httpx
import msgspec
from dependency_injector import providers

from adapters.persistence.reseal import reseal, sealed_columns
from application.billing.check_providers import AccountCheck
from application.billing.verify_ledger import LedgerReport
from application.identity.academies import NewAcademy
from application.oversight.audit import AuditReport
from domain.billing.webhook_event import WebhookStatus
from domain.errors import DomainError, NotFound
from domain.identity.academy import Academy
from domain.identity.actor import Actor
from domain.identity.password import require_good_password
from domain.identity.permission import Audience, Role
from domain.identity.user import User, email_address
from domain.ids import UserId, WebhookId
from domain.oversight.audit import Act
from entrypoints.closing import close_connections
from entrypoints.container import Container
from entrypoints.sandbox import in_process_provider
from entrypoints.settings import Settings
from ports.oversight.audit import AuditHead

OPERATOR = Actor(user_id=UserId(UUID(int=0)), role=Role.OWNER, audience=Audience.ADMIN)
"""Whoever can run commands on the machine can do anything there."""


@asynccontextmanager
async def assembled(settings: Settings) -> AsyncIterator[Container]:
    container = Container(settings, Audience.ADMIN)
    try:
        yield container
    finally:
        await close_connections(container)


async def check_providers(settings: Settings) -> list[AccountCheck]:
    async with assembled(settings) as container:
        found: list[AccountCheck] = await container.check_providers()()
    return found


async def verify_ledger(settings: Settings) -> LedgerReport:
    """Where the sandbox provider is not running, it is asked in this process."""
    async with AsyncExitStack() as stack:
        container = await stack.enter_async_context(assembled(settings))
        if not await _answers(settings.sandbox_url):
            client = await stack.enter_async_context(in_process_provider(settings))
            container.shared.http_client.override(providers.Object(client))
        report: LedgerReport = await container.verify_ledger()(None)
        return report


async def found_academy(settings: Settings, wanted: NewAcademy) -> Academy:
    """Raises Invalid, HostTaken."""
    async with assembled(settings) as container:
        academy: Academy = await container.create_academy()(None, wanted)
        return academy


async def academies_of(settings: Settings, wanted: str | None) -> list[Academy]:
    """All, or the one of that id, host or name. Raises NotFound."""
    async with assembled(settings) as container:
        found: Sequence[Academy] = await container.academy_queries().all()
    if wanted is None:
        return list(found)
    told = wanted.strip().casefold()
    fitting = [
        academy
        for academy in found
        if told in {str(academy.id), academy.name.casefold(), *(host.name for host in academy.hosts)}
    ]
    if len(fitting) != 1:
        raise NotFound("{count} academies go by {wanted}; name one by its id", count=len(fitting), wanted=wanted)
    return fitting


async def verify_audit(settings: Settings, known: AuditHead | None) -> AuditReport:
    async with assembled(settings) as container:
        report: AuditReport = await container.verify_audit()(known)
        return report


async def _answers(url: str) -> bool:
    async with httpx.AsyncClient(timeout=2, trust_env=False) as client:
        try:
            return (await client.get(f"{url}/health/live")).status_code == 200
        except httpx.TransportError:
            return False


async def create_admin(settings: Settings, *, email: str, name: str, password: str, role: Role) -> User:
    """Raises Invalid, WeakPassword, EmailTaken. The address counts as proven: its owner sits at the machine."""
    email, name = email_address(email), " ".join(name.split())
    password = require_good_password(password, email=email, name=name)
    async with assembled(settings) as container:
        now = container.clock().now()
        user = User(
            id=UserId(container.new_id()()),
            email=email,
            name=name,
            password_hash=await container.hasher().hash(password),
            roles=frozenset({role}),
            zone=settings.school_zone,
            locale=settings.school_locale,
            email_verified_at=now,
            created_at=now,
        )
        async with container.new_unit()() as unit:
            await unit.users.add(user)
            unit.note(
                Act(
                    actor=None,
                    action="identity.create_admin",
                    subject=("user", str(user.id)),
                    after={"roles": [role.value]},
                    reason="from the command line",
                )
            )
            await unit.commit()
    return user


async def admin_url(settings: Settings) -> str:
    """Where the staff of the academy at hand sign in."""
    async with assembled(settings) as container:
        academies = container.academies()
        await academies.look()
        url: str = academies.url(Audience.ADMIN)
        return url


async def rotate_keys(settings: Settings) -> dict[str, int]:
    """How many secrets each sealed column holds, all of them now under the newest key. Raises CannotOpen."""
    async with assembled(settings) as container:
        engine, cipher = container.engine(), container.cipher()
        return {str(column): await reseal(engine, cipher, column) for column in sealed_columns()}


class Replayed(msgspec.Struct):
    done: list[UUID] = []
    refused: list[tuple[UUID, str]] = []


async def replay_webhooks(settings: Settings, wanted: tuple[UUID, ...], *, dead: bool) -> Replayed:
    """The named ones, and with ``dead`` all that were given up."""
    result = Replayed()
    async with assembled(settings) as container:
        ids = [*wanted, *(await _dead(container) if dead else [])]
        for webhook_id in dict.fromkeys(ids):
            try:
                await container.replay_webhook()(OPERATOR, WebhookId(webhook_id))
            except DomainError as error:
                result.refused.append((webhook_id, error.message))
            else:
                result.done.append(webhook_id)
    return result


async def _dead(container: Container) -> list[UUID]:
    found: list[UUID] = []
    cursor: str | None = None
    while True:
        page = await container.webhook_queries().inbox(status=WebhookStatus.DEAD, cursor=cursor)
        found += [view.webhook_id for view in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return found


async def take_bounce(settings: Settings, raw: bytes) -> str:
    """What became of a report of mail that came back."""
    async with assembled(settings) as container:
        bounce = container.bounce_mail().read(raw)
        if bounce is None:
            return "unknown"
        outcome: str = (await container.take_bounce()(bounce)).value
        return outcome
