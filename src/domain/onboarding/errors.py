"""What an application can be refused for."""

from domain.errors import Conflict, Invalid


class ApplicationLocked(Conflict):
    """It lies with the school, or is approved: what was submitted is not edited. (ONB-01)"""

    code = "application_locked"


class Incomplete(Invalid):
    """``missing`` in details names what is not told yet."""

    code = "application_incomplete"


class AlreadyClaimed(Conflict):
    """Somebody else of the school works on it."""

    code = "application_claimed"


class DocumentRefused(Invalid):
    """Too large, of another kind than it says, or harmful."""

    code = "document_refused"
