"""Messages to browsers, where the school has a key for them."""

import httpx

from adapters.messaging.push.keys import read_push_key
from adapters.outgoing.guard import Patience, Trouble
from application.notification.push import PushSender
from domain.notification.delivery import Channel
from entrypoints.settings import Settings
from ports.budget import Budget
from ports.cipher import Cipher
from ports.notification.channels import ChannelSender, Senders
from ports.notification.push import PushGateway, PushWriter
from ports.unit_of_work import NewUnit

PATIENCE = Patience(timeout_s=10.0)


def public_push_key(settings: Settings) -> str:
    keys = read_push_key(settings.push_key)
    return keys.public if keys is not None else ""


def push_gateway(
    settings: Settings, budget: Budget, troubles: Trouble, public: httpx.AsyncClient
) -> PushGateway | None:
    keys = read_push_key(settings.push_key)
    if keys is None:
        return None
    from adapters.messaging.push.gateway import WebPushGateway

    return WebPushGateway(
        keys,
        public,
        budget,
        hosts=settings.push_hosts,
        contact=settings.mail_from,
        patience=PATIENCE,
        trouble=troubles,
    )


def push_sender(
    new_unit: NewUnit, cipher: Cipher, words: PushWriter, gateway: PushGateway | None
) -> ChannelSender | None:
    return PushSender(new_unit, cipher, words, gateway) if gateway is not None else None


def senders_of(push: ChannelSender | None = None, whatsapp: ChannelSender | None = None) -> Senders:
    """Those that are set up."""
    found = {Channel.PUSH: push, Channel.WHATSAPP: whatsapp}
    return {channel: sender for channel, sender in found.items() if sender is not None}
