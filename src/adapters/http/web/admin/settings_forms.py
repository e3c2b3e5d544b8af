"""Forms that are made from a document's struct, and the document that comes back from one. (ADM-06)

A field of the struct becomes a control by its type: a tick, a number, a choice, lines of words, a table of rows, a
group of its own. What has no control is written as JSON. A control's name is the path to its value:
``cancellation.0.notice_min``.
"""

import re
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, Final

import msgspec
from litestar.datastructures import FormMultiDict
from msgspec import inspect

from adapters.http.text import _
from domain.errors import Invalid

SPARE_ROWS: Final = 2
"""Empty rows at the end of a table, to be filled in or left."""
_PLACE: Final = re.compile(r"\[(\d+)\]")


class Control(msgspec.Struct, kw_only=True):
    """``field``: the path without positions, by which words are looked up. ``rows``: of a table; ``parts``: of a group
    (and the columns of a table, empty).
    """

    name: str
    field: str
    kind: str
    value: Any = None
    options: list[tuple[str, str]] = msgspec.field(default_factory=list)
    least: int | float | None = None
    most: int | float | None = None
    longest: int | None = None
    optional: bool = False
    parts: list["Control"] = msgspec.field(default_factory=list)
    rows: list[list["Control"]] = msgspec.field(default_factory=list)


def controls_of(document: type[msgspec.Struct], values: Mapping[str, Any]) -> list[Control]:
    """``values``: plain JSON, as it is or as somebody wrote it."""
    return [_control(field.name, field.name, field.type, values.get(field.name)) for field in _fields(document)]


def values_of(document: type[msgspec.Struct], form: FormMultiDict) -> dict[str, Any]:
    """Plain JSON as the document's rules want to see it; nonsense is passed on for them to refuse."""
    return {field.name: _read(field.name, field.type, form) for field in _fields(document)}


def place_of(field: str) -> str:
    """The control that a refusal's ``field`` is about."""
    return _PLACE.sub(r".\1", field)


def _fields(document: type[msgspec.Struct]) -> tuple[inspect.Field, ...]:
    info = inspect.type_info(document)
    assert isinstance(info, inspect.StructType)  # noqa: S101 - documents are structs
    return info.fields


def _bare(kind: inspect.Type) -> tuple[inspect.Type, bool]:
    """Without None and notes, and whether None was among it."""
    if isinstance(kind, inspect.Metadata):
        return _bare(kind.type)
    if isinstance(kind, inspect.UnionType):
        others = [each for each in kind.types if not isinstance(each, inspect.NoneType)]
        if len(others) == 1:
            return _bare(others[0])[0], True
    return kind, False


def _choices(kind: inspect.Type) -> list[Any] | None:
    if isinstance(kind, inspect.EnumType):
        return [member.value for member in _members(kind.cls)]
    return list(kind.values) if isinstance(kind, inspect.LiteralType) else None


def _members(cls: type[Enum]) -> Iterator[Enum]:
    yield from cls


def _many(kind: inspect.Type) -> inspect.Type | None:
    if isinstance(kind, inspect.VarTupleType | inspect.ListType | inspect.SetType | inspect.FrozenSetType):
        return _bare(kind.item_type)[0]
    return None


def _control(name: str, field: str, kind: inspect.Type, value: Any) -> Control:
    bare, optional = _bare(kind)
    made = Control(name=name, field=field, kind="json", value=value, optional=optional)
    item = _many(bare)
    if isinstance(bare, inspect.BoolType) and not optional:
        made.kind = "tick"
    elif isinstance(bare, inspect.IntType | inspect.FloatType):
        made.kind = "number"
        made.least = bare.ge if bare.ge is not None else bare.gt
        made.most = bare.le if bare.le is not None else bare.lt
    elif (choices := _choices(bare)) is not None:
        made.kind, made.options = "select", [(str(choice), str(choice)) for choice in choices]
    elif isinstance(bare, inspect.StrType | inspect.DateType):
        made.kind = "text" if isinstance(bare, inspect.StrType) else "date"
        made.longest = bare.max_length if isinstance(bare, inspect.StrType) else None
    elif item is not None and (choices := _choices(item)) is not None:
        made.kind, made.options = "ticks", [(str(choice), str(choice)) for choice in choices]
        made.value = [str(each) for each in value or ()]
    elif isinstance(item, inspect.StrType | inspect.IntType):
        made.kind, made.value = "lines", "\n".join(str(each) for each in value or ())
    elif isinstance(item, inspect.StructType):
        _table(made, item, value)
    elif isinstance(bare, inspect.StructType) and not optional:
        made.kind = "group"
        made.parts = [_part(made, part, (value or {}).get(part.name)) for part in bare.fields]
    else:
        made.value = msgspec.json.encode(value).decode()
    return made


def _table(made: Control, item: inspect.StructType, value: Any) -> None:
    made.kind = "table"
    made.parts = [_part(made, part, None) for part in item.fields]
    rows = [*(value or ()), *({} for _spare in range(SPARE_ROWS))]
    made.rows = [
        [_control(f"{made.name}.{place}.{part.name}", f"{made.field}.{part.name}", part.type, row.get(part.name))
         for part in item.fields]
        for place, row in enumerate(rows)
    ]  # fmt: skip


def _part(of: Control, part: inspect.Field, value: Any) -> Control:
    return _control(f"{of.name}.{part.name}", f"{of.field}.{part.name}", part.type, value)


def _read(name: str, kind: inspect.Type, form: FormMultiDict) -> Any:
    bare, optional = _bare(kind)
    item = _many(bare)
    if isinstance(bare, inspect.BoolType) and not optional:
        return name in form
    if isinstance(bare, inspect.StructType) and not optional:
        return {part.name: _read(f"{name}.{part.name}", part.type, form) for part in bare.fields}
    if isinstance(item, inspect.StructType):
        return list(_rows(name, item, form))
    if item is not None and _choices(item) is not None:
        return [_one(item, text) for text in form.getall(name, [])]
    if isinstance(item, inspect.StrType | inspect.IntType):
        lines = str(form.get(name, default="")).replace(",", "\n").splitlines()
        return [_one(item, line.strip()) for line in lines if line.strip()]
    text = str(form.get(name, default="")).strip()
    if not text and optional:
        return None
    if isinstance(bare, inspect.IntType | inspect.FloatType | inspect.StrType | inspect.DateType):
        return _one(bare, text)
    return _one(bare, text) if _choices(bare) is not None else _json(name, text)


def _rows(name: str, item: inspect.StructType, form: FormMultiDict) -> Iterator[dict[str, Any]]:
    """Rows in which nothing is written are no rows."""
    place = 0
    while any(f"{name}.{place}.{part.name}" in form for part in item.fields):
        names = [f"{name}.{place}.{part.name}" for part in item.fields]
        if any(str(form.get(each, default="")).strip() for each in names):
            yield {part.name: _read(f"{name}.{place}.{part.name}", part.type, form) for part in item.fields}
        place += 1


def _one(kind: inspect.Type, text: str) -> Any:
    for choice in _choices(kind) or ():
        if str(choice) == text:
            return choice
    if isinstance(kind, inspect.IntType | inspect.FloatType):
        number = text.replace(",", ".")
        if re.fullmatch(r"-?\d{1,12}", number):
            return int(number)
        if re.fullmatch(r"-?\d{1,12}\.\d{1,6}", number):
            return float(number)
    return text


def _json(name: str, text: str) -> Any:
    try:
        return msgspec.json.decode(text or "null")
    except msgspec.DecodeError as error:
        raise Invalid(_("This is not written as JSON."), field=name) from error
