"""Collects what is to be translated: from pages, from Python, and from the refusals of the domain.

English sentences are the message ids. Found are ``_("…")``, ``N_("…")`` and ``ngettext("…", "…", n)`` in Python and in
templates, the constant templates of refusals (``raise Conflict("…")``), and the domain's codes that are shown as words.
"""

import ast
import pkgutil
from collections.abc import Iterable, Iterator
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Final

import msgspec
from babel.messages.catalog import Catalog

import domain
from domain.errors import DomainError
from domain.machine import LIFECYCLES

SRC: Final = Path(__file__).parent.parent
ROOMS: Final = ("domain", "ports", "application", "adapters")
ONE: Final = frozenset({"_", "N_"})
MANY: Final = frozenset({"ngettext"})
SHOWN_AS_WORDS: Final = frozenset({"Gender", "Role", "Audience", "Booker", "By"})
"""Codes that refusals name besides those of the lifecycles."""


class Found(msgspec.Struct, frozen=True):
    """``many`` is empty where the sentence does not count anything."""

    place: str
    one: str
    many: str = ""


class Unclear(msgspec.Struct, frozen=True):
    """A sentence that is put together before it is translated, and so never will be."""

    place: str
    line: int
    what: str


def template() -> Catalog:
    """All there is to say, as a catalog without translations."""
    catalog, found = Catalog(project="Halaqa", charset="utf-8"), [*from_templates(), *from_python()[0], *words()]
    for one in sorted(found, key=lambda each: (each.place, each.one)):
        message: str | tuple[str, ...] = (one.one, one.many) if one.many else one.one
        existing = catalog.get(one.one)
        if existing is not None and isinstance(existing.id, tuple):
            message = existing.id
        catalog.add(message, locations=[(one.place, 0)])
    return catalog


def from_templates() -> Iterator[Found]:
    """Minijinja's templates read like Jinja2's, whose parser is at hand where there are tests."""
    jinja2, extension = import_module("jinja2"), import_module("jinja2.ext")
    environment = jinja2.Environment()
    for path in sorted(SRC.glob("adapters/**/templates/**/*.*")):
        if path.suffix not in {".html", ".txt", ".svg"}:
            continue
        tree = environment.parse(path.read_text("utf-8"))
        for _line, function, message in extension.extract_from_ast(tree, (*ONE, *MANY)):
            texts = message if isinstance(message, tuple) else (message,)
            if texts[0]:
                yield Found(_place(path), texts[0], (texts[1] or "") if function in MANY else "")


def from_python() -> tuple[list[Found], list[Unclear]]:
    """The sentences, and the refusals whose sentence is not constant."""
    paths = [path for room in ROOMS for path in sorted((SRC / room).rglob("*.py"))]
    trees = {path: ast.parse(path.read_text("utf-8")) for path in paths}
    refusals = _refusals(trees.values())
    found: list[Found] = []
    unclear: list[Unclear] = []
    for path, tree in trees.items():
        reader = _Reader(_place(path), refusals)
        reader.visit(tree)
        found += reader.found
        unclear += reader.unclear
    return found, unclear


def words() -> list[Found]:
    """Statuses, roles and the like, which reach people within refusals."""
    for module in pkgutil.walk_packages(domain.__path__, "domain."):
        import_module(module.name)
    names = set(LIFECYCLES) | {str(status) for lifecycle in LIFECYCLES.values() for status in lifecycle.table}
    for kind in StrEnum.__subclasses__():
        if kind.__name__ in SHOWN_AS_WORDS and kind.__module__.startswith("domain."):
            names |= {str(member) for member in kind.__members__.values()}
    return [Found("domain", name.replace("_", " ")) for name in sorted(names)]


def _refusals(trees: Iterable[ast.AST]) -> frozenset[str]:
    """The names of all classes that descend from DomainError."""
    parents = {
        node.name: {base.id for base in node.bases if isinstance(base, ast.Name)}
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    found = {DomainError.__name__}
    while more := {name for name, bases in parents.items() if bases & found} - found:
        found |= more
    return frozenset(found)


def _place(path: Path) -> str:
    return path.relative_to(SRC).as_posix()


class _Reader(ast.NodeVisitor):
    def __init__(self, place: str, refusals: frozenset[str]) -> None:
        self._place, self._refusals = place, refusals
        self.found: list[Found] = []
        self.unclear: list[Unclear] = []
        self._class = ""

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        outer, self._class = self._class, node.name
        self.generic_visit(node)
        self._class = outer

    def visit_Call(self, node: ast.Call) -> None:
        self.generic_visit(node)
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        first = node.args[0] if node.args else None
        text = _constant(first)
        if name in MANY and text and (many := _constant(node.args[1])):
            self.found.append(Found(self._place, text, many))
        elif name in ONE and text:
            self.found.append(Found(self._place, text))
        elif name in self._refusals or (name == "__init__" and self._class in self._refusals):
            if text:
                self.found.append(Found(self._place, text))
            elif isinstance(first, ast.JoinedStr | ast.BinOp):
                self.unclear.append(Unclear(self._place, node.lineno, ast.unparse(first)))


def _constant(node: ast.AST | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
