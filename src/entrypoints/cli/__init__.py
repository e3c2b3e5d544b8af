"""``halaqa``: everything that is done from a terminal."""

from entrypoints.cli import backups, mail, payments, processes, proofs, school, whatsapp
from entrypoints.cli.common import main

__all__ = ["backups", "mail", "main", "payments", "processes", "proofs", "school", "whatsapp"]
