"""Every table has walls between academies, or says why it needs none; every statement keeps to them. (ADM-10)"""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any, Final

import adapters.persistence
from adapters.persistence.metadata import WALL
from adapters.persistence.schema import whole_schema
from adapters.persistence.statement import Statement

OPEN: Final = {
    "academies": "the list of schools itself",
    "academy_hosts": "which host leads to which of them",
    "audit_head": "one chain runs through all of the audit log",
    "alerts": "the machinery, which serves all of them",
    "provider_troubles": "outside services, which all of them use",
    "jobs": "the machinery, which serves all of them",
    "idempotency_keys": "a key counts for one account and route, and is never listed",
    "calendar_overrides": "part of a calendar, found by it",
    "external_busy": "part of a connected calendar and of a Qari, found by them",
    "message_preferences": "part of an account, found by it",
    "payment_lines": "part of a payment, found by it",
    "qari_changes": "ids of Qaris alone; what is shown of them is found by the school's own search",
    "qari_offers": "part of a profile, found by it",
    "sequence_steps": "part of an account, found by it",
    "session_tokens": "a secret of 256 bits, found by its hash, and good only with its session",
    "time_off": "part of a calendar, found by it",
    "user_roles": "part of an account, found by it",
}
NAMED: Final = re.compile(rf"\b{WALL} (?:=|<>) \$\d")
BY_KEY: Final = {
    "adapters.persistence.billing.payment_queries._VIEW": "the beginning of the statements below it",
    "adapters.persistence.billing.webhook_queries._VIEW": "the beginning of the statements below it",
    "adapters.persistence.scheduling.class_queries._TIMES": "times by keys that name who comes or teaches",
    "adapters.persistence.notification.queries._STEPS": "messages by keys that name the account",
}
"""Statements that the rule below does not understand, and why they need not name the academy."""


def modules() -> Iterator[ModuleType]:
    package = adapters.persistence
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if ".migrations" not in found.name:
            yield importlib.import_module(found.name)


def statements() -> Iterator[tuple[str, str, bool]]:
    """(name, SQL, whether it names the academy or says why not) of everything that a module can run."""
    for module in modules():
        for name, value in vars(module).items():
            for part, one in _parts(value):
                where = f"{module.__name__}.{name}{part}"
                if isinstance(one, Statement):
                    yield where, one.sql, bool(one._inside or one.everywhere)
                elif isinstance(one, str) and re.match(r"\s*(WITH|SELECT|INSERT|UPDATE|DELETE)\b", one):
                    yield where, one, NAMED.search(one) is not None


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, one in value.items():
            yield f"[{key}]", one
    elif isinstance(value, list | tuple):
        for number, one in enumerate(value):
            for part in one if isinstance(one, tuple) else (one,):
                yield f"[{number}]", part
    else:
        yield "", value


def test_every_table_has_walls_or_a_reason() -> None:
    tables = whole_schema().tables
    bare = {name for name, table in tables.items() if WALL not in table.c}

    assert bare - OPEN.keys() == set(), "metadata.academy_column() belongs on every table that can be named or listed"
    assert OPEN.keys() - bare == set(), "these have walls by now"


def test_every_statement_on_a_walled_table_keeps_to_one_academy() -> None:
    walled = {name for name, table in whole_schema().tables.items() if WALL in table.c}
    mentions = re.compile(rf"\b(?:FROM|JOIN|INTO|UPDATE)\s+(?:{'|'.join(sorted(walled))})\b", re.IGNORECASE)

    found = list(statements())
    loose = {name for name, sql, is_kept in found if mentions.search(sql) and not is_kept}

    assert len(found) > 100
    assert loose == BY_KEY.keys()
