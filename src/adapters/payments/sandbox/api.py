"""The JSON API: what a merchant's server calls, and the control calls for tests and demo data."""

from datetime import datetime
from typing import Annotated, Any

import asyncpg
import msgspec
from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody, RawBody

from adapters.payments.sandbox.access import account_of, needs_key
from adapters.payments.sandbox.config import SandboxConfig
from adapters.payments.sandbox.errors import invalid
from adapters.payments.sandbox.faults import Faults, read_faults, write_faults
from adapters.payments.sandbox.imports import Imported, decode_import, import_past
from adapters.payments.sandbox.provider import Provider
from adapters.payments.sandbox.requests import NewCheckout, NewRefund
from adapters.payments.sandbox.wire import CheckoutObject, CheckoutPage, RefundObject

IdempotencyKey = Annotated[str | None, HeaderParameter(name="Idempotency-Key", required=False)]


def key_of(given: str | None) -> str | None:
    if given is not None and not (1 <= len(given) <= 255 and given.isascii() and given.isprintable()):
        raise invalid("idempotency_key_invalid", "An Idempotency-Key has 1 to 255 printable characters.")
    return given


class ApiController(Controller):
    path = "/v1"
    guards = (needs_key,)

    @post("/checkouts", status_code=201)
    async def open(
        self,
        request: Request[None, None, Any],
        data: JSONBody[NewCheckout],
        provider: NamedDependency[Provider],
        config: NamedDependency[SandboxConfig],
        idempotency_key: IdempotencyKey = None,
    ) -> CheckoutObject:
        return await provider.open(account_of(request, config), key_of(idempotency_key), data)

    @get("/checkouts/{id:str}")
    async def fetch(
        self,
        request: Request[None, None, Any],
        id: FromPath[str],
        provider: NamedDependency[Provider],
        config: NamedDependency[SandboxConfig],
    ) -> CheckoutObject:
        return await provider.checkout(id, account_of(request, config))

    @post("/checkouts/{id:str}/expire", status_code=200)
    async def expire(
        self,
        request: Request[None, None, Any],
        id: FromPath[str],
        provider: NamedDependency[Provider],
        config: NamedDependency[SandboxConfig],
    ) -> CheckoutObject:
        return await provider.expire(id, account_of(request, config))

    @get("/checkouts")
    async def changed(
        self,
        request: Request[None, None, Any],
        changed_since: FromQuery[str],
        provider: NamedDependency[Provider],
        config: NamedDependency[SandboxConfig],
        cursor: FromQuery[str | None] = None,
    ) -> CheckoutPage:
        since = instant_of(changed_since, "changed_since")
        after = None
        if cursor is not None:
            moment, _, last_id = cursor.partition("~")
            if not last_id or "\x00" in last_id:
                raise invalid("cursor_invalid", "Give the cursor as it was given to you.", "cursor")
            after = instant_of(moment, "cursor"), last_id
        return await provider.changed(account_of(request, config), since, after)

    @post("/refunds", status_code=201)
    async def refund(
        self,
        request: Request[None, None, Any],
        data: JSONBody[NewRefund],
        provider: NamedDependency[Provider],
        config: NamedDependency[SandboxConfig],
        idempotency_key: IdempotencyKey = None,
    ) -> RefundObject:
        return await provider.refund(account_of(request, config), key_of(idempotency_key), data)

    @get("/refunds/{id:str}")
    async def fetch_refund(
        self,
        request: Request[None, None, Any],
        id: FromPath[str],
        provider: NamedDependency[Provider],
        config: NamedDependency[SandboxConfig],
    ) -> RefundObject:
        return await provider.refund_by_id(account_of(request, config), id)


class ControlController(Controller):
    """Not part of what a provider offers: how a test or a demo bends this one."""

    path = "/control"
    guards = (needs_key,)

    @get("/faults")
    async def read(self, pool: NamedDependency[asyncpg.Pool]) -> Faults:
        async with pool.acquire() as connection:
            return await read_faults(connection)

    @post("/faults", status_code=200)
    async def write(self, data: JSONBody[Faults], pool: NamedDependency[asyncpg.Pool]) -> Faults:
        """Replaces them all: ``{}`` heals everything."""
        async with pool.acquire() as connection:
            await write_faults(connection, data)
            return await read_faults(connection)

    @post("/import", status_code=200, request_max_body_size=64 * 1024 * 1024)
    async def import_(
        self, body: RawBody, pool: NamedDependency[asyncpg.Pool], config: NamedDependency[SandboxConfig]
    ) -> Imported:
        records = decode_import(body)
        async with pool.acquire() as connection:
            return await import_past(connection, records, frozenset(config.endpoints), config.default_account)


def instant_of(text: str, param: str) -> datetime:
    try:
        instant: datetime = msgspec.convert(text, type=Annotated[datetime, msgspec.Meta(tz=True)])
    except msgspec.ValidationError as error:
        raise invalid("instant_invalid", f"{param}: {error}", param) from error
    return instant
