"""What pages share: reading a form, and addresses that keep their filters."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from urllib.parse import urlencode
from uuid import UUID

from adapters.http.refusals import refusal
from adapters.http.requests import Req
from adapters.http.text import _
from adapters.http.words import sentence
from domain.errors import DomainError, Invalid, NotFound


def told(error: DomainError) -> str:
    """A refusal as a sentence in the reader's language."""
    return sentence(refusal(error))


async def fields_of(request: Req, *, longest: int = 4000) -> Mapping[str, str]:
    """A form's text fields, each once, none longer than a person would write."""
    form = await request.form()
    return {name: value[:longest] for name, value in form.items() if isinstance(value, str)}


def address(path: str, **query: object) -> str:
    """``path`` with those of ``query`` that say something."""
    told = {name: str(value) for name, value in query.items() if value not in (None, "", ())}
    return f"{path}?{urlencode(told)}" if told else path


def next_page(path: str, cursor: str | None, **query: object) -> str | None:
    return address(path, **query, cursor=cursor) if cursor is not None else None


def stamp(moment: datetime) -> str:
    """An instant as an address carries it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment_of(text: str) -> datetime:
    """Raises Invalid unless it is an instant with its zone."""
    with suppress(ValueError):
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    raise Invalid(_("Choose a time first."), field="start")


def id_of(text: str) -> UUID | None:
    """None for what is no id."""
    with suppress(ValueError):
        return UUID(text)
    return None


def known_id(text: str) -> UUID:
    """Raises NotFound."""
    found = id_of(text)
    if found is None:
        raise NotFound(_("there is nothing by that number"))
    return found
