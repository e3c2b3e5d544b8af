"""What the provider tells us, read out of its envelope. (NOTI-02)

Signed over the bytes as they came: the provider escapes what is not ASCII, so a text written anew would differ. There
is no time in it; repeated and late messages change nothing (see ``application.notification.whatsapp``).
Source: Meta for Developers, "Webhooks: Validating payloads".
"""

import hashlib
import hmac
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from adapters.messaging.whatsapp.refusals import Meaning, meaning_of
from domain.notification.whatsapp import Stage
from ports.errors import BadSignature
from ports.notification.whatsapp import Heard, Progress, Said

HEADER: Final = "x-hub-signature-256"
_STAGES: Final = {stage.value for stage in Stage}


def check_signature(gateway: str, secrets: Sequence[str], header: str, raw: bytes) -> None:
    """Raises BadSignature."""
    told = header.removeprefix("sha256=").strip().lower().encode("ascii", "replace")
    for secret in secrets:
        if hmac.compare_digest(hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest().encode(), told):
            return
    raise BadSignature(gateway, "not signed with this app's secret")


def heard_in(raw: bytes, phone_number_id: str) -> Heard:
    """Of that number alone; several entries and changes may come together. What has an unknown shape is left out: the
    provider adds kinds of news, and would send a refused one again for a week.
    """
    try:
        told = msgspec.json.decode(raw)
    except msgspec.DecodeError:
        return Heard()
    progress: list[Progress] = []
    said: list[Said] = []
    for value in _values(told):
        if _dict(value.get("metadata")).get("phone_number_id") != phone_number_id:
            continue
        progress += [found for each in _list(value.get("statuses")) if (found := _progress(each)) is not None]
        said += [heard for each in _list(value.get("messages")) if (heard := _said(each)) is not None]
    return Heard(progress=tuple(progress), said=tuple(said))


def _values(told: Any) -> Iterator[dict[str, Any]]:
    for entry in _list(_dict(told).get("entry")):
        for change in _list(_dict(entry).get("changes")):
            if _dict(change).get("field") == "messages":
                yield _dict(_dict(change).get("value"))


def _progress(told: Any) -> Progress | None:
    each = _dict(told)
    ref, stage, at = each.get("id"), each.get("status"), _instant(each.get("timestamp"))
    if not isinstance(ref, str) or stage not in _STAGES or at is None:
        return None
    errors = _list(each.get("errors"))
    code = _dict(errors[0]).get("code") if errors else None
    reference = each.get("biz_opaque_callback_data")
    return Progress(
        ref=ref,
        reference=reference if isinstance(reference, str) else "",
        stage=Stage(stage),
        at=at,
        code="" if code is None else str(code),
        stopped=isinstance(code, int) and meaning_of(code) is Meaning.STOPPED,
    )


def _said(told: Any) -> Said | None:
    each = _dict(told)
    ref, sender, at = each.get("id"), each.get("from"), _instant(each.get("timestamp"))
    if not isinstance(ref, str) or not isinstance(sender, str) or not sender.isdecimal() or at is None:
        return None
    button, interactive = _dict(each.get("button")), _dict(each.get("interactive"))
    reply = _dict(interactive.get("button_reply"))
    text = _dict(each.get("text")).get("body") or button.get("payload") or reply.get("id") or ""
    return Said(ref=ref, number=f"+{sender}", text=str(text)[:4096], at=at)


def _instant(told: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(told), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
