"""Requests that nobody would think of, made from the applications' own description, and what is wrong with an answer.

Cases are generated first and sent afterwards: so they run in the event loop of the application they are meant for.
"""

import random
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any, Final, TypeAlias

import httpx
import msgspec
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
AWAY: Final = "gateway_unavailable"
"""Nobody listens at the providers' addresses, which is documented, and no fault of ours."""
SPARED: Final = frozenset({"/api/v1/auth/sign-out", "/api/v1/auth/sign-out-everywhere"})
"""Would end the session that the others ask with."""
Request: TypeAlias = "Case[Any]"
Operation: TypeAlias = "APIOperation[Any, Any, Any, Any]"
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Odd(msgspec.Struct, frozen=True):
    """An answer that should not be."""

    role: str
    asked: str
    body: str
    status: int
    answer: str
    why: str

    def __str__(self) -> str:
        return f"{self.role}: {self.asked}\n  body {self.body}\n  {self.status} {self.answer}\n  {self.why}"


class Door:
    """One application and those who are signed in there: ``tokens`` by role."""

    def __init__(self, app: Any, base_url: str, tokens: dict[str, str], chance: random.Random) -> None:
        self._base, self._tokens, self._chance = base_url, tokens, chance
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url=base_url, timeout=30
        )
        self._known: defaultdict[str, list[str]] = defaultdict(list)
        self._operations: list[Operation] = []
        self.answers: Counter[int] = Counter()
        self.reached: set[str] = set()

    async def learn(self) -> None:
        """The description, and ids that each role may see: they lead further than made up ones do."""
        answer = await self.http.get("/schema/openapi.json")
        schema = schemathesis.openapi.from_dict(answer.json())
        self._operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
        for operation in self._operations:
            if operation.method.upper() == "GET" and "{" not in operation.path:
                for role, token in self._tokens.items():
                    seen = await self.http.get(operation.path, headers=_bearer(token))
                    if seen.status_code == 200:
                        self._known[role] += sorted(set(_UUID.findall(seen.text)))

    def cases(self, each: int) -> Iterator[tuple[str, Request]]:
        """Operations in any order, ``each`` good and as many bad requests to every one, the roles taking turns."""
        operations = [one for one in self._operations if one.path not in SPARED]
        self._chance.shuffle(operations)
        for operation in operations:
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                for case in _made(operation, mode, each, self._chance.randrange(2**32)):
                    yield self._chance.choice(list(self._tokens)), case

    async def ask(self, role: str, case: Request) -> Odd | None:
        if known := self._known[role]:
            for name in case.path_parameters:
                if name.endswith("_id") and self._chance.random() < 0.7:
                    case.path_parameters[name] = self._chance.choice(known)
        made = requests.Request(**case.as_transport_kwargs(base_url=self._base)).prepare()
        headers = httpx.Headers({name: value for name, value in made.headers.items() if isinstance(value, str)})
        headers.update(_bearer(self._tokens[role]))
        headers.pop("cookie", None)
        content = made.body if isinstance(made.body, (str, bytes)) else None
        answer = await self.http.request(made.method or "GET", made.url or "", headers=headers, content=content)
        self.answers[answer.status_code] += 1
        self.reached.add(f"{made.method} {case.operation.path}")
        why = _wrong_with(case, answer)
        if not why:
            return None
        said = repr(content)[:600]
        return Odd(role, f"{made.method} {made.url}", said, answer.status_code, answer.text[:600], why)


async def fuzz(door: Door, *, until: float, each: int, at_least: int = 0) -> list[Odd]:
    """Every odd answer once per operation and reason; ends at ``until`` (of ``time.monotonic``), but where machines are
    busy not before ``at_least`` requests.
    """
    found: dict[tuple[str, int], Odd] = {}
    for role, case in door.cases(each):
        if time.monotonic() > until and sum(door.answers.values()) >= at_least:
            break
        if (odd := await door.ask(role, case)) is not None:
            found.setdefault((case.operation.label, odd.status), odd)
    return list(found.values())


def _made(operation: Operation, mode: GenerationMode, count: int, number: int) -> list[Request]:
    found: list[Request] = []

    @seed(number)
    @settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def collect(case: Request) -> None:
        found.append(case)

    try:
        collect()
    except Unsatisfiable:
        return []
    return found


def _wrong_with(case: Request, answer: httpx.Response) -> str:
    if answer.status_code == 503 and answer.json().get("code") == AWAY:
        return ""
    if answer.status_code >= 400 and "code" not in answer.text:
        return "a refusal without a code"
    try:
        case.validate_response(answer, checks=CHECKS)
    except FailureGroup as group:
        return "; ".join(str(failure) for failure in group.exceptions)
    return ""


def _bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}
