"""Every action that goes into the audit log has a name in words, and so has everything it is done to. (ADM-05)"""

import ast
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from adapters.http.web.admin.audit_words import action_name, action_names, subject_name, subject_names

SOURCE: Final = Path(__file__).parents[3] / "src"
NO_ACTS: Final = frozenset({"identity.drop_files"})
"""Work for the worker, named in the same way."""
ACTION: Final = re.compile(r"(billing|booking|identity|notification|onboarding|oversight|scheduling)\.[a-z_]+")
NOTING: Final = frozenset({"Act", "note_if_staff"})


def modules() -> Iterator[ast.Module]:
    """Those that note acts."""
    for folder in ("application", "entrypoints"):
        for path in (SOURCE / folder).rglob("*.py"):
            tree = ast.parse(path.read_text("utf-8"))
            if any(True for _ in acts(tree, NOTING)):
                yield tree


def acts(tree: ast.Module, names: Collection[str]) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in names:
            yield node


def texts(nodes: Iterator[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_every_action_has_a_name() -> None:
    found = {text for tree in modules() for text in texts(ast.walk(tree)) if ACTION.fullmatch(text)}

    assert len(found) > 40
    assert found - action_names().keys() == NO_ACTS
    assert action_names().keys() - found == set(), "nobody does this any more"


def test_every_kind_of_subject_has_a_name() -> None:
    found = set()
    for call in (call for tree in modules() for call in acts(tree, {"Act"})):
        for word in call.keywords:
            if word.arg == "subject" and isinstance(word.value, ast.Tuple):
                found |= set(texts(iter(word.value.elts[:1])))

    assert len(found) > 8
    assert found - subject_names().keys() == set()


def test_what_a_later_version_wrote_is_still_shown() -> None:
    assert action_name("learning.mark_sabaq") == "learning: mark sabaq"
    assert subject_name("queue_refunds") == "something that waits"
    assert subject_name("hifz_map") == "hifz map"
