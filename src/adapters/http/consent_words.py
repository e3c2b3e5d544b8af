"""The sentence that somebody agrees to before he is written to by WhatsApp; kept with his consent as he read it."""

from adapters.http.text import _


def whatsapp_consent(school: str) -> str:
    return _(
        "I agree that {school} sends me news of my lessons and payments by WhatsApp at this number. "
        "I can stop that at any time, here or by answering STOP.",
        school=school,
    )
