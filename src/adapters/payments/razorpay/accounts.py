"""The school's accounts at Razorpay, as they are written in a setting. (PAYM-14)"""

import re
from typing import Final

import msgspec

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_KEY_ID: Final = re.compile(r"rzp_(test|live)_\w+")


class RazorpayAccount(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``name`` is ours and the last part of the webhook's address. ``key_id`` is meant for browsers, ``key_secret`` is
    not. ``webhook_secrets``: those that the school chose for its webhook, newest first; retries of old events are still
    signed with the one before. (PAYM-07)
    """

    name: str
    key_id: str
    key_secret: str
    webhook_secrets: tuple[str, ...] = ()

    @property
    def is_live(self) -> bool:
        return self.key_id.startswith("rzp_live_")

    def __repr__(self) -> str:
        return f"RazorpayAccount({self.name!r})"


def read_accounts(text: str) -> tuple[RazorpayAccount, ...]:
    """``[{"name": "india", "key_id": "rzp_…", "key_secret": "…", "webhook_secrets": ["…"]}, …]``; none for an empty
    text. Raises ValueError with a reason that shows no secret.
    """
    if not text.strip():
        return ()
    try:
        accounts = msgspec.json.decode(text, type=tuple[RazorpayAccount, ...])
    except msgspec.DecodeError as error:
        raise ValueError(f"is not a JSON list of accounts: {error}") from None
    for account in accounts:
        _check(account)
    if len({account.name for account in accounts}) != len(accounts):
        raise ValueError("names an account twice")
    return accounts


def _check(account: RazorpayAccount) -> None:
    if _NAME.fullmatch(account.name) is None:
        raise ValueError(f"has an account {account.name!r}; names are small letters, digits, - and _")
    if _KEY_ID.fullmatch(account.key_id) is None:
        raise ValueError(f"lacks the key id of {account.name}, which begins with rzp_test_ or rzp_live_")
    if not account.key_secret:
        raise ValueError(f"lacks the key secret of {account.name}")
    if not account.webhook_secrets or not all(account.webhook_secrets):
        raise ValueError(f"lacks the webhook secrets of {account.name}")
    if account.key_secret in account.webhook_secrets:
        raise ValueError(f"signs the webhooks of {account.name} with its key secret; they need one of their own")
