"""One's own number at WhatsApp. (NOTI-02)"""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Controller, delete, get, post
from litestar.params import JSONBody

from adapters.http.consent_words import whatsapp_consent
from adapters.http.given import NamedDependency
from adapters.http.requests import Req, config_of
from application.notification.whatsapp import (
    AskWhatsApp,
    AskWhatsAppCommand,
    ConfirmWhatsApp,
    SeeWhatsApp,
    StopWhatsApp,
)
from domain.identity.permission import Permission


class WhatsAppNumberIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """``agreed``: to the sentence that is shown as ``consent``."""

    number: Annotated[str, msgspec.Meta(min_length=5, max_length=40, examples=["+92 300 1234567"])]
    agreed: bool


class WhatsAppCodeIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    code: Annotated[str, msgspec.Meta(min_length=4, max_length=10, examples=["123456"])]


class WhatsAppOut(msgspec.Struct, kw_only=True):
    """``offered``: whether the school writes there, from ``school_number``. ``status``: asked, active, stopped; none
    where no number was told. ``word``: sent to the school from that number, it proves it as the code does.
    ``consent``: the sentence to agree to.
    """

    offered: bool
    school_number: str
    status: str | None
    number: str | None
    consented_at: datetime | None
    word: str
    consent: str


class WhatsAppAskedOut(msgspec.Struct, kw_only=True):
    """``code_sent``: false where it may be late or lost."""

    code_sent: bool


class WhatsAppController(Controller):
    path = "/api/v1/my/whatsapp"
    tags = ("messages",)

    @get("/", needs=Permission.SIGNED_IN, summary="My number at WhatsApp")
    async def show(self, request: Req, see_whatsapp: NamedDependency[SeeWhatsApp]) -> WhatsAppOut:
        view = await see_whatsapp(request.user)
        contact = view.contact
        return WhatsAppOut(
            offered=view.offered,
            school_number=view.our_number,
            status=contact.status.value if contact is not None else None,
            number=contact.number if contact is not None else None,
            consented_at=contact.consented_at if contact is not None else None,
            word=view.word,
            consent=whatsapp_consent(config_of(request).school_name),
        )

    @post("/", needs=Permission.SIGNED_IN, status_code=202, summary="Tell a number; a code goes there")
    async def ask(
        self, request: Req, data: JSONBody[WhatsAppNumberIn], ask_whatsapp: NamedDependency[AskWhatsApp]
    ) -> WhatsAppAskedOut:
        """403 for a child: its news goes to those who answer for it. 404 where the school does not write there."""
        wording = whatsapp_consent(config_of(request).school_name)
        command = AskWhatsAppCommand(number=data.number, wording=wording, agreed=data.agreed)
        return WhatsAppAskedOut(code_sent=await ask_whatsapp(request.user, command))

    @post("/confirm", needs=Permission.SIGNED_IN, status_code=204, summary="Prove the number by the code")
    async def confirm(
        self, request: Req, data: JSONBody[WhatsAppCodeIn], confirm_whatsapp: NamedDependency[ConfirmWhatsApp]
    ) -> None:
        """409 ``wrong_code`` for a wrong or old one; after five of them a new one has to be asked for."""
        await confirm_whatsapp(request.user, data.code)

    @delete("/", needs=Permission.SIGNED_IN, status_code=204, summary="No more messages by WhatsApp")
    async def stop(self, request: Req, stop_whatsapp: NamedDependency[StopWhatsApp]) -> None:
        await stop_whatsapp(request.user)


CONTROLLERS_MAIN = (WhatsAppController,)
