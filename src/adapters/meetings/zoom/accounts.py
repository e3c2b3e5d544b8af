"""The school's accounts at Zoom, as they are written in a setting. (LIVE-10)"""

import re
from typing import Final

import msgspec

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")


class ZoomAccount(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A server-to-server app. ``name`` is ours: hosts name it, and it is the last part of the webhook's address.
    ``webhook_secrets``: the app's secret tokens, newest first; nobody tells anything when there are none.
    ``waiting_room``: the host lets people in one by one.
    """

    name: str
    account_id: str
    client_id: str
    client_secret: str
    webhook_secrets: tuple[str, ...] = ()
    waiting_room: bool = True

    def __repr__(self) -> str:
        return f"ZoomAccount({self.name!r})"


def read_accounts(text: str) -> tuple[ZoomAccount, ...]:
    """``[{"name": "school", "account_id": "…", "client_id": "…", "client_secret": "…"}, …]``; none for an empty text.
    Raises ValueError with a reason that shows no secret.
    """
    if not text.strip():
        return ()
    try:
        accounts = msgspec.json.decode(text, type=tuple[ZoomAccount, ...])
    except msgspec.DecodeError as error:
        raise ValueError(f"is not a JSON list of accounts: {error}") from None
    for account in accounts:
        if _NAME.fullmatch(account.name) is None:
            raise ValueError(f"has an account {account.name!r}; names are small letters, digits, - and _")
        if not account.account_id or not account.client_id or not account.client_secret:
            raise ValueError(f"lacks the account id, the client id or the client secret of {account.name}")
        if not all(account.webhook_secrets):
            raise ValueError(f"has an empty webhook secret for {account.name}")
    if len({account.name for account in accounts}) != len(accounts):
        raise ValueError("names an account twice")
    return accounts
