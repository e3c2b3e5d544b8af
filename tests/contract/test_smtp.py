"""Mail over SMTP, against a real server on this machine: TLS, names and passwords, and what goes wrong. (NOTI-01)"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import pytest

from adapters.messaging.email.smtp import SmtpLine, SmtpSender
from adapters.messaging.email.smtp_server import read_smtp
from adapters.messaging.email.verp import ReturnPaths
from adapters.outgoing.budget import MemoryBudget
from adapters.outgoing.guard import Guard, Patience
from fakes.clock import NOON
from ports.errors import GatewayRefused, GatewayUnavailable, NotSent
from ports.notification.mail import Attachment, Mail
from standins.smtp import PostOffice, certificate, post_office
from support.system import free_port

pytestmark = pytest.mark.slow
ID = UUID("0194f5a0-0000-7000-8000-000000000001")
BODY = "السلام عليكم ورحمة الله وبركاته، درسك غدًا بعد صلاة العصر. " * 40
PATHS = ReturnPaths("bounces@school.example", usual="no-reply@school.example", secret="of nobody")


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with post_office(PostOffice()) as opened:
        yield opened
    assert opened.violations == []


def a_mail(to: str = "amina@example.org") -> Mail:
    return Mail(
        message_id=f"{ID}@school.example",
        to_address=to,
        to_name="آمنة",
        subject="درسك القادم / Your next lesson",
        text=BODY,
        html=f'<p dir="rtl">{BODY}</p>',
        attachments=(
            Attachment(
                name="lesson.ics", content_type="text/calendar; method=REQUEST", body="SUMMARY:درس\r\n".encode()
            ),
        ),
        unsubscribe="https://school.example/messages/off/abc",
    )


@asynccontextmanager
async def sending(url: str, **told: Any) -> AsyncIterator[SmtpSender]:
    server = read_smtp(url)
    assert server is not None
    patience = Patience(attempts=told.pop("attempts", 1), first_wait_s=0.01, longest_wait_s=0.02, timeout_s=1.0)
    line = SmtpLine(server, Guard("smtp", MemoryBudget(), patience=patience), **{"timeout_s": 0.5, **told})
    yield SmtpSender(line, sender_name="حلقة", sender_address="no-reply@school.example", envelope=PATHS)
    await line.close()


async def test_a_message_arrives_as_it_was_written(office: PostOffice) -> None:
    async with sending(office.url()) as sender:
        await sender.send(a_mail(), at=NOON)

    (taken,) = office.taken
    message = taken.message
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().strip() == BODY.strip()
    assert 'dir="rtl"' in html.get_content()
    assert message["Message-ID"] == f"<{ID}@school.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert [part.get_content_type() for part in message.iter_attachments()] == ["text/calendar"]
    assert taken.to == "amina@example.org"


async def test_what_comes_back_tells_which_message_it_was(office: PostOffice) -> None:
    async with sending(office.url()) as sender:
        await sender.send(a_mail(), at=NOON)

    (taken,) = office.taken
    local = taken.sender.partition("@")[0]
    assert len(local) <= 64
    about = PATHS.read(taken.sender)
    assert about is not None
    assert about[0] == ID
    assert PATHS.vouches(about[0], "Amina@example.org", about[1])
    assert not PATHS.vouches(about[0], "bilal@example.org", about[1])
    assert PATHS.read("bounces@school.example") is None


async def test_one_connection_carries_many_messages(office: PostOffice) -> None:
    async with sending(office.url()) as sender:
        await asyncio.gather(*(sender.send(a_mail(f"r{n}@example.org"), at=NOON) for n in range(5)))

    assert {taken.to for taken in office.taken} == {f"r{n}@example.org" for n in range(5)}
    assert office.connections == 1


async def test_a_server_that_hung_up_meanwhile_is_called_again(office: PostOffice) -> None:
    async with sending(office.url()) as sender:
        await sender.send(a_mail(), at=NOON)
        office.faults = ["before"]
        await sender.send(a_mail(), at=NOON)

    assert len(office.taken) == 2
    assert office.connections == 2


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # aiosmtpd sees STARTTLS alone
@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_a_password_goes_over_tls(tls: Literal["starttls", "implicit"], tmp_path: Path) -> None:
    server, client = certificate(tmp_path)
    with post_office(PostOffice(user="school", password="p@ss", needs_tls=True), tls=tls, context=server) as office:
        url = office.url(tls).replace("p@ss", "p%40ss")
        async with sending(url, context=client) as sender:
            await sender.send(a_mail(), at=NOON)
        assert [(taken.tls, taken.user) for taken in office.taken] == [(True, "school")]

        async with sending(url) as sender:  # nobody vouches for the certificate
            with pytest.raises(NotSent):
                await sender.send(a_mail(), at=NOON)
        async with sending(url.replace("p%40ss", "other"), context=client) as sender:
            with pytest.raises(NotSent) as refused:
                await sender.send(a_mail(), at=NOON)
    assert "other" not in str(refused.value)
    assert len(office.taken) == 1
    assert office.violations == []


async def test_tls_that_is_asked_for_is_not_done_without(office: PostOffice) -> None:
    async with sending(office.url("starttls")) as sender:
        with pytest.raises(NotSent):
            await sender.send(a_mail(), at=NOON)

    assert office.taken == []


@pytest.mark.parametrize(
    ("fault", "raised", "code", "taken"),
    [
        ("mail 451", NotSent, "", 0),
        ("mail 550", NotSent, "", 0),
        ("rcpt 450 4.2.1", NotSent, "", 0),
        ("rcpt 550 5.1.1", GatewayRefused, "5.1.1", 0),
        ("rcpt 553", GatewayRefused, "553", 0),
        ("data 451 4.3.0", NotSent, "", 0),
        ("data 554 5.7.1", GatewayRefused, "5.7.1", 0),
        ("lost", GatewayUnavailable, "", 1),
        ("hang", GatewayUnavailable, "", 1),
        ("malformed", GatewayUnavailable, "", 1),
    ],
)
async def test_each_trouble_is_told_apart_and_the_next_message_goes(
    office: PostOffice, fault: str, raised: type[Exception], code: str, taken: int
) -> None:  # OPS-12
    async with sending(office.url()) as sender:
        office.faults = [fault]
        with pytest.raises(raised) as told:
            await sender.send(a_mail(), at=NOON)
        assert isinstance(told.value, NotSent) is (raised is NotSent)
        assert getattr(told.value, "code", "") == code
        assert len(office.taken) == taken

        await sender.send(a_mail(), at=NOON)

    assert {taken.message["Message-ID"] for taken in office.taken} == {f"<{ID}@school.example>"}


async def test_where_nobody_listens_nothing_was_sent() -> None:
    async with sending(f"smtp://127.0.0.1:{free_port()}?tls=none") as sender:
        with pytest.raises(NotSent):
            await sender.send(a_mail(), at=NOON)


@pytest.mark.parametrize("address", ["a b@example.org", "no address", "x@example.org\r\nRCPT TO:<y@example.org>"])
async def test_what_is_no_address_is_refused(office: PostOffice, address: str) -> None:
    async with sending(office.url()) as sender:
        with pytest.raises((GatewayRefused, ValueError)):
            await sender.send(a_mail(address), at=NOON)

    assert office.taken == []


@pytest.mark.parametrize(
    "url",
    ["https://x", "smtp://", "smtp://u:p@host?tls=none", "smtp://u@host", "smtp://h?tls=maybe", "smtp://h?x=1",
     "smtp://h/path", "smtp://h:port"],
)  # fmt: skip
def test_a_setting_that_says_nothing_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(ValueError, match=r"^(is not|should|knows|has|needs)") as told:
        read_smtp(url)

    assert "u:p" not in str(told.value)
