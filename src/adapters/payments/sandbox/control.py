"""GET /control: the faults as a form, and what happened to the last events. For whoever has the secret key."""

from typing import Any, Final

import asyncpg
import msgspec
from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect

from adapters.payments.sandbox.access import is_operator
from adapters.payments.sandbox.config import SandboxConfig
from adapters.payments.sandbox.events import queue_delivery
from adapters.payments.sandbox.faults import Faults, read_faults, write_faults
from adapters.payments.sandbox.pages import PageRequest, page

_RECENT: Final = """
SELECT e.id, e.account, e.type, e.checkout, e.created_at, coalesce(string_agg(
    d.status || CASE WHEN d.answer = '' THEN '' ELSE ' (' || d.answer || ', try ' || d.attempts || ')' END,
    ', ' ORDER BY d.id), '') AS deliveries
FROM (SELECT * FROM sandbox.events ORDER BY created_at DESC LIMIT 50) AS e
LEFT JOIN sandbox.deliveries AS d ON d.event = e.id
GROUP BY e.id, e.account, e.type, e.checkout, e.created_at ORDER BY e.created_at DESC
"""


class ControlPages(Controller):
    path = "/control"

    @get("/")
    async def show(
        self, request: PageRequest, pool: NamedDependency[asyncpg.Pool], config: NamedDependency[SandboxConfig]
    ) -> Response[Any]:
        if not is_operator(request, config):
            return _sign_in()
        return await _show(request, pool)

    @post("/form", status_code=200)
    async def save(
        self, request: PageRequest, pool: NamedDependency[asyncpg.Pool], config: NamedDependency[SandboxConfig]
    ) -> Response[Any]:
        if not is_operator(request, config):
            return _sign_in()
        form = {name: value for name, value in (await request.form()).items() if value != ""}
        try:
            faults = msgspec.convert(form, type=Faults, strict=False)
        except msgspec.ValidationError as error:
            return await _show(request, pool, problem=str(error))
        async with pool.acquire() as connection:
            await write_faults(connection, faults)
        return Redirect("/control", status_code=303)

    @post("/events/{id:str}/again", status_code=200)
    async def send_again(
        self,
        request: PageRequest,
        id: FromPath[str],
        pool: NamedDependency[asyncpg.Pool],
        config: NamedDependency[SandboxConfig],
    ) -> Response[Any]:
        """One more delivery of an event, whatever became of the others."""
        if not is_operator(request, config):
            return _sign_in()
        now = request.app.state.clock.now()
        async with pool.acquire() as connection:
            account = await connection.fetchval("SELECT account FROM sandbox.events WHERE id = $1", id)
            if account is not None:
                await queue_delivery(connection, id, account, at=now, due=now, status="waiting")
        return Redirect("/control", status_code=303)


def _sign_in() -> Response[str]:
    return Response(
        "The password is the sandbox's secret key.",
        status_code=401,
        media_type="text/plain",
        headers={"www-authenticate": 'Basic realm="Sandbox", charset="UTF-8"', "cache-control": "no-store"},
    )


async def _show(request: PageRequest, pool: "asyncpg.Pool[Any]", problem: str = "") -> Response[str]:
    async with pool.acquire() as connection:
        faults = await read_faults(connection)
        events = await connection.fetch(_RECENT)
    return page(
        request,
        "control.html",
        status=422 if problem else 200,
        problem=problem,
        faults=msgspec.to_builtins(faults),
        events=[dict(row) | {"created_at": row["created_at"].strftime("%d %b %H:%M:%S")} for row in events],
    )
