"""What every mail sender and mailbox promises. (NOTI-01, NOTI-13)"""

import asyncio
from datetime import timedelta
from mailbox import Maildir as StandardMaildir
from pathlib import Path
from typing import Protocol

import pytest

from adapters.messaging.email.maildir import MaildirMailbox
from domain.errors import NotFound
from fakes.clock import NOON
from fakes.notification import MemoryMailbox
from ports.errors import GatewayUnavailable
from ports.notification.mail import Attachment, Mail, MailboxReader, MailSender
from ports.paging import BadCursor

ICS = Attachment(
    name="lesson.ics", content_type="text/calendar; charset=utf-8; method=REQUEST", body=b"BEGIN:VCALENDAR\r\n"
)


class Mailbox(MailSender, MailboxReader, Protocol): ...


def maildir(folder: Path) -> MaildirMailbox:
    return MaildirMailbox(folder, sender_name="Halaqa", sender_address="no-reply@school.example")


@pytest.fixture(params=["memory", "maildir"])
def mailbox(request: pytest.FixtureRequest, tmp_path: Path) -> Mailbox:
    return MemoryMailbox() if request.param == "memory" else maildir(tmp_path / "mail")


def a_mail(number: int = 1, to: str = "amina@example.org", subject: str = "درس / Lesson") -> Mail:
    return Mail(
        message_id=f"m-{number}@school.example",
        to_address=to,
        to_name="آمنة",
        subject=subject,
        text="السلام عليكم\n",
        html="<p>السلام عليكم</p>\n",
        attachments=(ICS,),
    )


async def test_a_message_is_read_as_it_was_sent(mailbox: Mailbox) -> None:
    mail = a_mail()
    await mailbox.send(mail, at=NOON)

    (summary,) = (await mailbox.newest()).items
    read = await mailbox.read(summary.id)

    assert (summary.to_address, summary.subject, summary.at) == (mail.to_address, mail.subject, NOON)
    assert (read.message_id, read.to_address, read.subject, read.at) == (
        mail.message_id, mail.to_address, mail.subject, NOON,
    )  # fmt: skip
    assert (read.text.strip(), read.html.strip()) == (mail.text.strip(), mail.html.strip())
    (attachment,) = read.attachments
    assert (attachment.name, attachment.body) == (ICS.name, ICS.body)
    assert "text/calendar" in attachment.content_type
    assert "REQUEST" in attachment.content_type


async def test_the_same_message_twice_is_there_once(mailbox: Mailbox) -> None:
    await mailbox.send(a_mail(), at=NOON)
    await mailbox.send(a_mail(subject="again"), at=NOON + timedelta(hours=1))

    (summary,) = (await mailbox.newest()).items

    assert summary.subject == a_mail().subject


async def test_the_newest_come_first_a_page_at_a_time(mailbox: Mailbox) -> None:
    for number in range(5):
        await mailbox.send(a_mail(number, subject=str(number)), at=NOON + timedelta(minutes=number))

    first = await mailbox.newest(limit=2)
    second = await mailbox.newest(limit=2, cursor=first.next_cursor)
    third = await mailbox.newest(limit=2, cursor=second.next_cursor)

    assert [mail.subject for page in (first, second, third) for mail in page.items] == ["4", "3", "2", "1", "0"]
    assert third.next_cursor is None


async def test_one_address_can_be_picked(mailbox: Mailbox) -> None:
    await mailbox.send(a_mail(1), at=NOON)
    await mailbox.send(a_mail(2, to="bilal@example.org"), at=NOON)

    page = await mailbox.newest(to_address="bilal@example.org")

    assert [mail.to_address for mail in page.items] == ["bilal@example.org"]


@pytest.mark.parametrize("name", ["nothing", "../../etc/passwd", "0" * 40, ""])
async def test_an_unknown_message_is_not_found(mailbox: Mailbox, name: str) -> None:
    with pytest.raises(NotFound):
        await mailbox.read(name)


async def test_a_cursor_of_another_list_is_refused(mailbox: Mailbox) -> None:
    with pytest.raises(BadCursor):
        await mailbox.newest(cursor="nonsense")


async def test_an_empty_mailbox_is_an_empty_page(mailbox: Mailbox) -> None:
    assert (await mailbox.newest()).items == []


async def test_a_line_break_in_a_subject_starts_no_header(mailbox: Mailbox) -> None:
    await mailbox.send(a_mail(subject="Lesson\r\nBcc: everybody@example.org"), at=NOON)

    (summary,) = (await mailbox.newest()).items

    assert (await mailbox.read(summary.id)).to_address == "amina@example.org"


async def test_many_writers_deliver_one_message_once(tmp_path: Path) -> None:
    boxes = [maildir(tmp_path / "mail") for _ in range(8)]

    await asyncio.gather(*(box.send(a_mail(number % 3), at=NOON) for number, box in enumerate(boxes * 3)))

    assert len((await boxes[0].newest()).items) == 3
    assert list((tmp_path / "mail" / "tmp").iterdir()) == []


async def test_any_program_that_knows_maildir_can_read_it(tmp_path: Path) -> None:
    await maildir(tmp_path / "mail").send(a_mail(), at=NOON)

    (message,) = StandardMaildir(tmp_path / "mail", create=False)

    assert message["Message-ID"] == "<m-1@school.example>"


async def test_a_folder_that_cannot_be_written_is_an_outage(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("a file where the folder should be")

    with pytest.raises(GatewayUnavailable):
        await maildir(tmp_path / "mail").send(a_mail(), at=NOON)
