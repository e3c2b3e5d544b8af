"""Who the school is at Google, as it is written in a setting: ``HALAQA_GOOGLE_ACCOUNTS``. (LIVE-01, DISC-06)"""

import re
from typing import Final

import msgspec

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")


class ServiceAccount(msgspec.Struct, frozen=True, kw_only=True):
    """``subject``: the user of the school's own domain that it acts as; without one it cannot make classes.
    Source: Google Identity docs, "Using OAuth 2.0 for Server to Server Applications".
    """

    client_email: str
    private_key: str
    subject: str
    private_key_id: str = ""


class GoogleAccount(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An OAuth client (``client_id``, ``client_secret``), the school's own account under it (``refresh_token``), or a
    service account. Qaris connect their calendars through the first client there is; classes are made in the first
    account that can. ``open_rooms``: nobody has to knock, because the school's account is not there to let them in.
    """

    name: str
    client_id: str = ""
    client_secret: str = ""
    refresh_token: str = ""
    service_account: ServiceAccount | None = None
    calendar: str = "primary"
    open_rooms: bool = True

    @property
    def makes_classes(self) -> bool:
        return bool(self.refresh_token) or self.service_account is not None


def read_google_accounts(text: str) -> tuple[GoogleAccount, ...]:
    """None for an empty text. Raises ValueError with a reason that shows no secret."""
    if not text.strip():
        return ()
    try:
        accounts = msgspec.json.decode(text, type=tuple[GoogleAccount, ...])
    except msgspec.DecodeError as error:
        raise ValueError(f"is not a JSON list of accounts: {error}") from None
    if len({account.name for account in accounts}) != len(accounts):
        raise ValueError("names an account twice")
    for account in accounts:
        _check(account)
    return accounts


def _check(account: GoogleAccount) -> None:
    if _NAME.fullmatch(account.name) is None:
        raise ValueError(f"has an account {account.name!r}; names are small letters, digits, - and _")
    if bool(account.client_id) != bool(account.client_secret):
        raise ValueError(f"lacks the client id or secret of {account.name}")
    if account.refresh_token and not account.client_id:
        raise ValueError(f"lacks the client that the refresh token of {account.name} belongs to")
    if account.refresh_token and account.service_account is not None:
        raise ValueError(f"gives {account.name} a refresh token and a service account; keep one of them")
    if not account.client_id and account.service_account is None:
        raise ValueError(f"gives {account.name} neither a client nor a service account")
    service = account.service_account
    if service is not None and "PRIVATE KEY" not in service.private_key:
        raise ValueError(f"lacks the private key of {account.name}, in PEM")


def calendar_client(accounts: tuple[GoogleAccount, ...]) -> GoogleAccount | None:
    """The one through which Qaris connect their own calendars."""
    return next((account for account in accounts if account.client_id), None)


def class_account(accounts: tuple[GoogleAccount, ...]) -> GoogleAccount | None:
    """The one in whose calendar classes are made."""
    return next((account for account in accounts if account.makes_classes), None)
