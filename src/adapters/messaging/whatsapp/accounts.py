"""The numbers that the school writes from, as they are written in a setting. (NOTI-02)"""

import re
from typing import Final
from urllib.parse import urlsplit

import msgspec

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_DIGITS: Final = re.compile(r"[0-9]{3,20}")
_NUMBER: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_TOKEN: Final = re.compile(r"[A-Za-z0-9_.-]+")


class Account(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``number``: how people reach it, in E.164. ``app_secrets`` sign what the provider tells us, newest first.
    ``links``: where the buttons of its approved templates lead, the address of the school when empty: academies with
    an address of their own need an account of their own.
    """

    name: str
    phone_number_id: str
    business_account_id: str
    token: str
    app_secrets: tuple[str, ...]
    verify_token: str
    number: str
    links: str = ""


def read_accounts(text: str) -> tuple[Account, ...]:
    """None for an empty text. Raises ValueError with a reason that shows no secret."""
    if not text.strip():
        return ()
    try:
        accounts = msgspec.json.decode(text, type=tuple[Account, ...])
    except msgspec.DecodeError as error:
        raise ValueError(f"is not a JSON list of accounts: {error}") from None
    for account in accounts:
        _check(account)
    for field in ("name", "phone_number_id", "links"):
        if len({getattr(account, field) for account in accounts}) != len(accounts):
            raise ValueError(f"has the same {field} twice")
    return accounts


def _check(account: Account) -> None:
    if _NAME.fullmatch(account.name) is None:
        raise ValueError(f"has an account {account.name!r}; names are small letters, digits, - and _")
    for field in ("phone_number_id", "business_account_id"):
        if _DIGITS.fullmatch(getattr(account, field)) is None:
            raise ValueError(f"has a {field} of {account.name} that is not a number")
    if _NUMBER.fullmatch(account.number) is None:
        raise ValueError(f"lacks the number of {account.name}, such as +923001234567")
    if _TOKEN.fullmatch(account.token) is None:
        raise ValueError(f"lacks the token of {account.name}")
    if not account.app_secrets or not all(account.app_secrets) or not account.verify_token:
        raise ValueError(f"lacks the app secret or the verify token of {account.name}")
    if account.links:
        parts = urlsplit(account.links)
        if parts.scheme not in {"https", "http"} or not parts.netloc or parts.path.strip("/") or parts.query:
            raise ValueError(f"has links of {account.name} that are not an address without a path")
