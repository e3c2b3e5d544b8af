"""The school's numbers at WhatsApp. (NOTI-02)"""

from collections.abc import Callable
from typing import Any

import httpx
from dependency_injector import containers, providers

from adapters.academies import Academies
from adapters.languages.text import translator
from adapters.messaging.whatsapp.accounts import read_accounts
from adapters.messaging.whatsapp.line import USUAL, CloudLine, Lines
from adapters.messaging.whatsapp.templates import Templates
from adapters.outgoing.guard import Patience, Trouble
from application.notification.carry_whatsapp import AnswerWhatsApp, CarryWhatsApp
from application.notification.hear_whatsapp import GreetWhatsApp, HearWhatsApp
from application.notification.subscriptions import ANSWER_WHATSAPP
from application.notification.whatsapp import AskWhatsApp, ConfirmWhatsApp, SeeWhatsApp, StopWhatsApp
from entrypoints.settings import Settings
from ports.budget import Budget

PATIENCE = Patience(timeout_s=10.0, queue_s=2.0)
"""A reader's next turn may be six seconds away: the message waits in its queue for it, not the worker."""


def lines_of(
    settings: Settings, client: httpx.AsyncClient, budget: Budget, troubles: Trouble, academies: Academies
) -> Lines:
    base = settings.provider_url("whatsapp", USUAL)
    here: Callable[[], str] = academies.main_url
    return Lines(
        [
            (
                account.links or settings.main_url,
                CloudLine(account, base, client, budget, patience=PATIENCE, trouble=troubles),
            )
            for account in read_accounts(settings.whatsapp_accounts)
        ],
        here,
    )


class WhatsAppContainer(containers.DeclarativeContainer):
    settings: providers.Dependency[Settings] = providers.Dependency()
    new_unit: providers.Dependency[Any] = providers.Dependency()
    clock: providers.Dependency[Any] = providers.Dependency()
    wakeup: providers.Dependency[Any] = providers.Dependency()
    http_client: providers.Dependency[Any] = providers.Dependency()
    budget: providers.Dependency[Any] = providers.Dependency()
    troubles: providers.Dependency[Any] = providers.Dependency()
    throttle: providers.Dependency[Any] = providers.Dependency()
    academies: providers.Dependency[Any] = providers.Dependency()
    academy_url: providers.Dependency[Any] = providers.Dependency()
    academy_name: providers.Dependency[Any] = providers.Dependency()

    whatsapp_lines = providers.Singleton(lines_of, settings, http_client, budget, troubles, academies)
    # Made for each call: links and names are those of the academy at hand.
    whatsapp_templates = providers.Factory(
        Templates, base_url=academy_url, school=academy_name, translations=providers.Object(translator)
    )
    whatsapp_sender = providers.Factory(CarryWhatsApp, new_unit, clock, whatsapp_lines, whatsapp_templates)
    see_whatsapp = providers.Factory(SeeWhatsApp, new_unit, whatsapp_lines, settings.provided.secret_key)
    ask_whatsapp = providers.Factory(
        AskWhatsApp, new_unit, clock, throttle, whatsapp_lines, whatsapp_templates, settings.provided.secret_key
    )
    confirm_whatsapp = providers.Factory(ConfirmWhatsApp, new_unit, clock, settings.provided.secret_key)
    stop_whatsapp = providers.Factory(StopWhatsApp, new_unit, clock)
    greet_whatsapp = providers.Factory(GreetWhatsApp, whatsapp_lines)
    hear_whatsapp = providers.Factory(
        HearWhatsApp, new_unit, clock, wakeup, whatsapp_lines, academies.provided.ids, settings.provided.secret_key
    )

    handlers = providers.Dict(
        {ANSWER_WHATSAPP: providers.Factory(AnswerWhatsApp, new_unit, clock, whatsapp_lines, whatsapp_templates)}
    )
