"""Keeps secrets and people's data out of the log, whoever writes the line and whatever is in it. (OPS-08)

Two nets: fields are dropped by their name, and every text is searched for what looks like a secret, an e-mail address,
a telephone or card number, or a Pakistani identity number (CNIC).
"""

import re
from typing import Any, Final

from structlog.typing import EventDict, WrappedLogger

MASK: Final = "***"

_NAMES: Final = re.compile(
    r"pass(word|wd|phrase)|secret|token|authorization|cookie|csrf|api_?key|private|credential|session"
    r"|e_?mail|phone|cnic|passport|iban|card|cvc|cvv|dsn|join_url|feed_url",
    re.IGNORECASE,
)
# Fields whose name only sounds like one of the above.
_HARMLESS: Final = frozenset({"email_verified", "session_count", "card_brand"})

_PATTERNS: Final = re.compile(
    r"""
      (?P<credentials>(?<=://)[^/\s:@]*:[^/\s@]+(?=@))
    | (?P<email>[\w.+%-]+@[\w-]+(?:\.[\w-]+)+)
    | (?P<jwt>eyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*)
    | (?P<scheme>(?<=Bearer\s)[^\s,"']+|(?<=Basic\s)[^\s,"']+)
    | (?P<own>\bh[am]_[\w-]{16,})
    | (?P<key>\b(?:sk|rk|pk|whsec)_\w{8,})
    | (?P<fernet>\bgAAAA[\w-]{20,}=*)
    | (?P<hash>\$argon2\w+\$\S+)
    | (?P<query>(?<=[?&;\s])(?:token|key|code|secret|password|signature|jwt)=[^&\s"']+)
    | (?P<cnic>(?<![\w-])\d{5}-\d{7}-\d(?![\w-]))
    | (?P<digits>(?<![\w.+-])\d(?:[ -]?\d){12,18}(?![\w-]))
    | (?P<phone>(?<![\w.])\+\d(?:[ -]?\d){8,14}(?!\d))
    """,
    re.VERBOSE | re.IGNORECASE,
)


def mask_text(text: str) -> str:
    return _PATTERNS.sub(_replacement, text)


def _replacement(found: re.Match[str]) -> str:
    if found.lastgroup == "query":
        return found.group().partition("=")[0] + "=" + MASK
    if found.lastgroup == "digits" and not _is_personal(found.group()):
        return found.group()
    return MASK


def _is_personal(digits: str) -> bool:
    """A card number by its check digit; thirteen digits in a row may be a CNIC."""
    numbers = [int(character) for character in digits if character.isdigit()]
    if len(numbers) == 13:
        return True
    doubled = [sum(divmod(2 * number, 10)) for number in numbers[-2::-2]]
    return (sum(numbers[-1::-2]) + sum(doubled)) % 10 == 0


def mask_value(value: Any, depth: int = 0) -> Any:
    if isinstance(value, str):
        return mask_text(value)
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if depth > 6:
        return MASK
    if isinstance(value, dict):
        return {str(name): mask_field(str(name), inner, depth) for name, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [mask_value(inner, depth + 1) for inner in value]
    return mask_text(value.decode(errors="replace") if isinstance(value, bytes) else str(value))


def mask_field(name: str, value: Any, depth: int = 0) -> Any:
    if value is not None and not isinstance(value, bool) and name not in _HARMLESS and _NAMES.search(name):
        return MASK
    return mask_value(value, depth + 1)


def mask_event(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """A structlog processor. Comes after exceptions have become text."""
    return {name: mask_field(name, value) for name, value in event.items()}
