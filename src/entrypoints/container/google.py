"""What Google does for the school: classes in its own account, the busy times of Qaris who let us read them."""

from collections.abc import Mapping

import httpx

from adapters.calendars.feed import IcsBusy
from adapters.calendars.google import GoogleBusy, GoogleConsent
from adapters.calendars.ours import lessons_of
from adapters.google.accounts import calendar_client, class_account, read_google_accounts
from adapters.google.guard import OF_A_USER, OF_ALL_QARIS, guard_of
from adapters.google.hosts import Hosts
from adapters.google.service import GoogleService
from adapters.meetings.google_meet import GoogleMeetings
from adapters.outgoing.guard import Trouble
from adapters.outgoing.tokens import Tokens
from application.scheduling.check_access import Checks
from domain.scheduling.connection import Source
from entrypoints.settings import Settings
from ports.budget import Budget
from ports.scheduling.connections import BusySource

QARIS = "qaris"


def google_meetings(
    settings: Settings, client: httpx.AsyncClient, budget: Budget, troubles: Trouble, tokens: Tokens
) -> list[GoogleMeetings]:
    """None where no account is set up that can hold classes."""
    account = class_account(read_google_accounts(settings.google_accounts))
    if account is None:
        return []
    guard = guard_of(account.name, budget, OF_A_USER, trouble=troubles)
    return [GoogleMeetings(account, GoogleService.over(client, guard, _hosts(settings), tokens))]


def google_checks(classes: list[GoogleMeetings]) -> Checks:
    return {f"google/{one.account}": one.check for one in classes}


def qaris_service(
    settings: Settings, client: httpx.AsyncClient, budget: Budget, troubles: Trouble, tokens: Tokens
) -> GoogleService:
    """For the accounts of Qaris, under one guard: they share what the project may ask for."""
    return GoogleService.over(client, guard_of(QARIS, budget, OF_ALL_QARIS, trouble=troubles), _hosts(settings), tokens)


def calendar_consent(settings: Settings, service: GoogleService) -> GoogleConsent:
    return GoogleConsent(calendar_client(read_google_accounts(settings.google_accounts)), service)


def busy_sources(
    settings: Settings, service: GoogleService, budget: Budget, public: httpx.AsyncClient
) -> Mapping[Source, BusySource]:
    """A published calendar that fails is its Qari's affair, and no trouble of the school's."""
    account = calendar_client(read_google_accounts(settings.google_accounts))
    ours = lessons_of(settings.mail_from.rsplit("@", 1)[-1])
    return {
        Source.GOOGLE: GoogleBusy(account, service, ours),
        Source.ICS: IcsBusy(public, budget, ours),
    }


def _hosts(settings: Settings) -> Hosts:
    return Hosts.at(settings.provider_url("google", ""))
