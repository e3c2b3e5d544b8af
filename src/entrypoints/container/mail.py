"""How mail leaves: over the school's mail server, or into the mailbox in the data folder."""

from adapters.messaging.email.maildir import MaildirMailbox
from adapters.messaging.email.smtp import SmtpLine, SmtpSender
from adapters.messaging.email.smtp_server import read_smtp
from adapters.messaging.email.verp import ReturnPaths
from adapters.outgoing.guard import Guard, Patience, Trouble
from entrypoints.settings import Settings
from ports.budget import Budget
from ports.notification.mail import MailSender

PATIENCE = Patience(attempts=2, timeout_s=45.0)


def smtp_line(settings: Settings, budget: Budget, troubles: Trouble) -> SmtpLine | None:
    server = read_smtp(settings.smtp_url)
    if server is None:
        return None
    return SmtpLine(server, Guard(f"smtp/{server.host}", budget, patience=PATIENCE, trouble=troubles))


def return_paths(settings: Settings) -> ReturnPaths:
    return ReturnPaths(settings.bounce_address, usual=settings.mail_from, secret=settings.secret_key)


def mail_sender(
    line: SmtpLine | None, mailbox: MaildirMailbox, paths: ReturnPaths, settings: Settings, academy_name: str
) -> MailSender:
    if line is None:
        return mailbox
    return SmtpSender(line, sender_name=academy_name, sender_address=settings.mail_from, envelope=paths)
