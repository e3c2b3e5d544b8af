"""Our own lessons come back to us: by the invitations that a Qari's calendar has taken in, by our feed, by Meet."""

import hashlib
import re
from collections.abc import Callable

Ours = Callable[[str], bool]


def lessons_of(domain: str) -> Ours:
    """Whether an entry's UID is that of a lesson: its id at the domain that our invitations come from."""
    pattern = re.compile(rf"[0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}@{re.escape(domain)}", re.IGNORECASE)
    return lambda uid: pattern.fullmatch(uid.strip()) is not None


def key_of(*parts: str) -> str:
    """Tells one entry from the others, and nothing about it."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
