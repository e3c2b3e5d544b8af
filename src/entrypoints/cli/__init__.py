"""``halaqa``: everything that is done from a terminal."""

from entrypoints.cli import backups, processes, proofs, school
from entrypoints.cli.common import main

__all__ = ["backups", "main", "processes", "proofs", "school"]
