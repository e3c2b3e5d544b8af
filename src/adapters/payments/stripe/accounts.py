"""The school's accounts at Stripe, as they are written in a setting. (PAYM-14)"""

import re
from typing import Final

import msgspec

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_SECRET_KEY: Final = re.compile(r"(sk|rk)_(test|live)_\w+")
_PUBLISHABLE_KEY: Final = re.compile(r"pk_(test|live)_\w+")


class StripeAccount(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``name`` is ours and the last part of the webhook's address. ``secret_key`` may be a restricted one (``rk_…``).
    Without a ``publishable_key`` nothing is paid inside our own pages. ``webhook_secrets``: all that are valid now, so
    that one can be rolled. (PAYM-07)
    """

    name: str
    secret_key: str
    publishable_key: str = ""
    webhook_secrets: tuple[str, ...] = ()

    @property
    def is_live(self) -> bool:
        return "_live_" in self.secret_key[:8]

    def __repr__(self) -> str:
        return f"StripeAccount({self.name!r})"


def read_accounts(text: str) -> tuple[StripeAccount, ...]:
    """``[{"name": "school", "secret_key": "sk_…", "publishable_key": "pk_…", "webhook_secrets": ["whsec_…"]}, …]``;
    none for an empty text. Raises ValueError with a reason that shows no secret.
    """
    if not text.strip():
        return ()
    try:
        accounts = msgspec.json.decode(text, type=tuple[StripeAccount, ...])
    except msgspec.DecodeError as error:
        raise ValueError(f"is not a JSON list of accounts: {error}") from None
    for account in accounts:
        _check(account)
    if len({account.name for account in accounts}) != len(accounts):
        raise ValueError("names an account twice")
    return accounts


def _check(account: StripeAccount) -> None:
    if _NAME.fullmatch(account.name) is None:
        raise ValueError(f"has an account {account.name!r}; names are small letters, digits, - and _")
    if _SECRET_KEY.fullmatch(account.secret_key) is None:
        raise ValueError(f"lacks the secret key of {account.name}, which begins with sk_ or rk_")
    if account.publishable_key:
        known = _PUBLISHABLE_KEY.fullmatch(account.publishable_key)
        if known is None or (known[1] == "live") != account.is_live:
            raise ValueError(f"has a publishable key of {account.name} that does not go with its secret key")
    if not account.webhook_secrets or not all(secret.startswith("whsec_") for secret in account.webhook_secrets):
        raise ValueError(f"lacks the webhook secrets of {account.name}, which begin with whsec_")
