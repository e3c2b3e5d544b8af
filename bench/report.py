"""What a benchmark found: a table for people, JSON with the machine beside it, and the budgets that it has to keep.

``budgets.json`` names each figure that has a limit: ``at_most`` or ``at_least``, and ``what`` it is. A script ends with
``finish("slots", figures)``: figures without a budget are for information. A missed budget ends ``make bench`` with 1.
(OPS-03)
"""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).resolve().parent
RESULTS: Final = HERE / "results"
BUDGETS: Final = HERE / "budgets.json"
PACKAGES: Final = ("litestar", "uvicorn", "asyncpg", "msgspec", "sqlalchemy", "minijinja", "redis")


def budgets() -> dict[str, dict[str, Any]]:
    known: dict[str, dict[str, Any]] = json.loads(BUDGETS.read_text())
    return known


def machine() -> dict[str, Any]:
    """What the figures were taken on."""
    model = [line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    memory = [line.split()[1] for line in _lines("/proc/meminfo") if line.startswith("MemTotal")]
    return {
        "processor": model[0] if model else platform.processor(),
        "processors": os.cpu_count(),
        "memory_mib": int(memory[0]) // 1024 if memory else None,
        "load": round(os.getloadavg()[0], 2),
        "system": platform.platform(),
        "python": platform.python_version(),
        "postgres": _said("postgres", "--version"),
        "packages": {name: version(name) for name in PACKAGES},
    }


def finish(script: str, figures: Mapping[str, float]) -> None:
    """Prints, writes ``results/<script>.json``, and ends the process with 1 when a budget is missed."""
    known, missed = budgets(), []
    for name, value in figures.items():
        limit = known.get(f"{script}.{name}", {})
        kept = limit.get("at_least", value) <= value <= limit.get("at_most", value)
        goal = " ".join(f"{word} {limit[key]:g}" for key, word in _WORDS.items() if key in limit)
        print(f"{name:56} {value:10.2f}  {goal:14} {'' if kept else 'MISSED'}".rstrip())
        if not kept:
            missed.append(name)
    RESULTS.mkdir(exist_ok=True)
    found = {"about": machine(), "figures": dict(figures), "missed": missed}
    (RESULTS / f"{script}.json").write_text(json.dumps(found, indent=1) + "\n")
    if missed:
        sys.exit(1)


_WORDS: Final = {"at_most": "at most", "at_least": "at least"}


def _lines(path: str) -> list[str]:
    file = Path(path)
    return file.read_text().splitlines() if file.is_file() else []


def _said(*command: str) -> str | None:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
