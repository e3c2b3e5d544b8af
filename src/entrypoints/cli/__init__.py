"""``halaqa``: everything that is done from a terminal."""

from entrypoints.cli import processes, proofs, school
from entrypoints.cli.common import main

__all__ = ["main", "processes", "proofs", "school"]
