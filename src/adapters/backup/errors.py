"""What a person at the terminal reads."""


class BackupFailed(Exception):
    """One line that says what went wrong, and what to do where that is known. Nothing was lost by it."""
