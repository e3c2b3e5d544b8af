"""What the school has sent, for those who answer questions about it."""

from domain.errors import NotFound
from domain.identity.actor import Actor
from domain.identity.permission import Permission
from ports.notification.mail import MailboxReader, MailSummary, StoredMail
from ports.paging import Page


class ListMailbox:
    """Raises NotFound where messages leave through a mail server and none are kept here."""

    def __init__(self, mailbox: MailboxReader | None) -> None:
        self._mailbox = mailbox

    async def __call__(
        self, actor: Actor, *, to_address: str = "", cursor: str | None = None, limit: int = 50
    ) -> Page[MailSummary]:
        actor.require(Permission.SEE_MAILBOX)
        return await _kept(self._mailbox).newest(to_address=to_address, cursor=cursor, limit=limit)


class ReadMail:
    def __init__(self, mailbox: MailboxReader | None) -> None:
        self._mailbox = mailbox

    async def __call__(self, actor: Actor, id: str) -> StoredMail:
        actor.require(Permission.SEE_MAILBOX)
        return await _kept(self._mailbox).read(id)


def _kept(mailbox: MailboxReader | None) -> MailboxReader:
    if mailbox is None:
        raise NotFound("messages go out through a mail server; none are kept here")
    return mailbox
