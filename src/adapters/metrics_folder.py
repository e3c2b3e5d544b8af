"""All processes of one machine in one answer: each leaves its numbers in a folder, whoever is asked adds the others'.

Several processes share the socket of a door, and the worker has none: a scrape would meet one of them by chance. With
files no process needs a port of its own, nothing is lost when Redis is emptied, and no counter goes through the
database. Every line says which ``process`` it is of.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import structlog

FRESH_S: Final = 60.0
"""An older file was left by a process that is gone."""
GONE_S: Final = 3600.0
log: Final = structlog.get_logger(__name__)


class MetricsFolder:
    """``process``: main, admin or worker."""

    def __init__(self, folder: Path, process: str) -> None:
        self._folder, self.name = folder, f"{process}-{os.getpid()}"

    def write(self, text: str) -> None:
        """A full disk costs the numbers, not the process."""
        place, draft = self._folder / f"{self.name}.prom", self._folder / f".{self.name}.tmp"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            draft.write_text(text, encoding="utf-8")
            draft.replace(place)
        except OSError as error:
            log.warning("metrics_not_written", error=type(error).__name__)

    def remove(self) -> None:
        (self._folder / f"{self.name}.prom").unlink(missing_ok=True)

    def others(self) -> Iterator[tuple[str, str]]:
        """Name and text of each other process that is alive; what is long gone is cleared away."""
        now = time.time()
        for path in sorted(self._folder.glob("*.prom")) if self._folder.is_dir() else ():
            try:
                age = now - path.stat().st_mtime
                if age > GONE_S:
                    path.unlink(missing_ok=True)
                elif age <= FRESH_S and path.stem != self.name:
                    yield path.stem, path.read_text(encoding="utf-8")
            except OSError:
                continue

    def together(self, own: str) -> str:
        return merged([(self.name, own), *self.others()])


def merged(texts: list[tuple[str, str]]) -> str:
    """One exposition: the lines of a family stand together, under one heading, each with its process."""
    families: dict[str, tuple[list[str], list[str]]] = {}
    for process, text in texts:
        family = ""
        fresh = False
        for line in text.splitlines():
            if line.startswith(("# HELP ", "# TYPE ")):
                named = line.split(" ", 3)[2]
                if named != family:
                    family, fresh = named, named not in families
                    families.setdefault(family, ([], []))
                if fresh:
                    families[family][0].append(line)
            elif line and not line.startswith("#"):
                families.setdefault(family, ([], []))[1].append(_of(process, line))
    return "".join(f"{line}\n" for heading, samples in families.values() for line in (*heading, *samples))


def _of(process: str, line: str) -> str:
    """``name{a="b"} 1`` or ``name 1`` with one label more."""
    named, _, value = line.rpartition(" ")
    label = f'process="{process}"'
    return f"{named[:-1]},{label}}} {value}" if named.endswith("}") else f"{named}{{{label}}} {value}"
