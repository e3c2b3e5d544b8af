"""SECURITY.md names what stands in the way and where that is proven: all of it has to be there. (OPS-10)"""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_guard_and_every_proof_that_it_names_exists() -> None:
    named = re.findall(
        r"`((?:application|adapters|domain|ports|entrypoints|tests)/[\w./]+)`",
        (ROOT / "SECURITY.md").read_text("utf-8"),
    )

    missing = [path for path in named if not (ROOT / path).exists() and not (ROOT / "src" / path).exists()]

    assert len(named) > 50
    assert missing == []
