"""What pages share: reading a form, and addresses that keep their filters."""

from collections.abc import Mapping
from urllib.parse import urlencode

from adapters.http.requests import Req


async def fields_of(request: Req) -> Mapping[str, str]:
    """A form's text fields, each once, none longer than a person would write."""
    form = await request.form()
    return {name: value[:4000] for name, value in form.items() if isinstance(value, str)}


def address(path: str, **query: object) -> str:
    """``path`` with those of ``query`` that say something."""
    told = {name: str(value) for name, value in query.items() if value not in (None, "", ())}
    return f"{path}?{urlencode(told)}" if told else path


def next_page(path: str, cursor: str | None, **query: object) -> str | None:
    return address(path, **query, cursor=cursor) if cursor is not None else None
