"""Whoever changes an account says so to what is remembered of its sessions. (ID-11)"""

from pathlib import Path

import pytest

APPLICATION = Path(__file__).parents[3] / "src" / "application"
UNSEEN = {
    "identity/sign_in.py": "a stronger hash of the same password",
    "identity/correct_birth_date.py": "no session knows how old somebody is",
    "identity/children.py": "name and zone of a child, which its own pages know within a minute",
}
"""Changes that no session shows, and why."""


def _changing() -> list[str]:
    marks = ("users.save(", "sessions.save(", "sessions.end_all(")
    found = {path for path in APPLICATION.rglob("*.py") if any(mark in path.read_text("utf-8") for mark in marks)}
    return sorted(str(path.relative_to(APPLICATION)) for path in found)


@pytest.mark.parametrize("module", _changing())
def test_a_change_is_recorded_together_with_its_consequence(module: str) -> None:
    # ID-11: the subscriber of AccessChanged makes up for a process that dies after its commit
    text = (APPLICATION / module).read_text("utf-8")

    assert ("AccessChanged(" in text) is (module not in UNSEEN)
