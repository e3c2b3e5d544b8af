"""What search engines read beside the page: schema.org as JSON-LD. (DISC-14)

A data block is never executed, so the Content-Security-Policy need not allow it; what could end it is escaped.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
from minijinja import safe

from adapters.http.requests import Connection, config_of
from domain.money import Money
from domain.scheduling.qari import Gender, LessonOffer

CONTEXT: Final = "https://schema.org"
_ESCAPED: Final = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026", 0x2028: "\\u2028", 0x2029: "\\u2029"}


def block(thing: Mapping[str, Any]) -> Any:
    """Fit to stand inside ``<script type="application/ld+json">``."""
    return safe(msgspec.json.encode({"@context": CONTEXT, **thing}).decode().translate(_ESCAPED))


def school(request: Connection, name: str, about: str, languages: Iterable[str]) -> dict[str, Any]:
    return {
        "@type": "EducationalOrganization",
        "name": name,
        "description": about,
        "url": f"{config_of(request).base_url}/",
        "availableLanguage": list(languages),
    }


def qari(
    request: Connection,
    path: str,
    *,
    name: str,
    gender: Gender,
    languages: Iterable[str],
    offers: Iterable[LessonOffer],
) -> dict[str, Any]:
    """A teacher and what a lesson costs. No address or telephone: those are nobody's business. (SAFE-06)"""
    url = f"{config_of(request).base_url}{path}"
    return {
        "@type": "Person",
        "name": name,
        "url": url,
        "gender": f"{CONTEXT}/{'Female' if gender is Gender.FEMALE else 'Male'}",
        "knowsLanguage": list(languages),
        "makesOffer": [
            {
                "@type": "Offer",
                "url": f"{url}?minutes={offer.minutes}",
                **price(offer.price),
                "itemOffered": {"@type": "Service", "serviceType": "Quran lesson", "duration": f"PT{offer.minutes}M"},
            }
            for offer in offers
        ],
    }


def listing(request: Connection, people: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """``people``: path and name, in the order of the page."""
    base = config_of(request).base_url
    return {
        "@type": "ItemList",
        "itemListElement": [
            {"@type": "ListItem", "position": place, "url": f"{base}{path}", "name": name}
            for place, (path, name) in enumerate(people, 1)
        ],
    }


def price(amount: Money) -> dict[str, str]:
    return {"price": str(amount.amount), "priceCurrency": amount.currency}
