"""What anybody sees: the first page, the list of Qaris, one Qari and the times he is free. (DISC-03, L10N-05)"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import available_timezones

from litestar import Controller, Response, get
from litestar.datastructures import Cookie
from litestar.params import FromPath, FromQuery

from adapters.http import structured
from adapters.http.alternates import alternates, canonical
from adapters.http.branding import brand_of
from adapters.http.given import NamedDependency
from adapters.http.requests import Req, config_of, signed_in, viewer_of
from adapters.http.templating import kept_page, page, part
from adapters.http.text import _
from adapters.http.web.forms import id_of
from adapters.http.web.seeking import seeking_for
from adapters.http.web.week import Week, week_of
from adapters.http.words import (
    LEVELS,
    PRICED_IN,
    RIWAYAT,
    TAUGHT_IN,
    BadAmount,
    date_of,
    language_name,
    language_names,
    level_options,
    money_of,
    riwayah_names,
    subject_name,
    subject_options,
)
from adapters.languages import LANGUAGES
from application.booking.learner_search import LearnerSearch
from application.identity.see_family import SeeChildren
from application.scheduling.free_slots import FreeSlots, FreeSlotsFound, FreeSlotsQuery
from application.scheduling.search_qaris import SearchQaris
from domain.identity.permission import Permission
from domain.ids import UserId
from domain.money import Money
from domain.scheduling.qari import BookingMode, Gender, Riwayah
from domain.scheduling.subject import ReadingLevel, Subject
from ports.clock import Clock
from ports.scheduling.queries import QariCard, QariFilters, QariOrder

ZONES: Final = tuple(sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/")))
SHOWN_FIRST: Final = 3


class PublicController(Controller):
    include_in_schema = False

    @get("/", needs=Permission.NOTHING)
    async def landing(self, request: Req, search_qaris: NamedDependency[SearchQaris]) -> Response[str]:
        found = await search_qaris(QariFilters(limit=SHOWN_FIRST))
        soonest = tuple(qari for qari in found.items if qari.next_free is not None)

        def shown() -> dict[str, Any]:
            about = _("Learn the Quran with a Qari of your choice, one to one, at a time that suits you.")
            name = brand_of(request).branding.name or config_of(request).school_name
            facts = structured.school(request, name, about, LANGUAGES)
            return {"soonest": [_card(request, qari) for qari in soonest], **_indexed(request, "/", facts)}

        return kept_page(request, "public/landing.html", soonest, shown)

    @get("/qaris", needs=Permission.NOTHING)
    async def qaris(
        self,
        request: Req,
        search_qaris: NamedDependency[SearchQaris],
        learner_search: NamedDependency[LearnerSearch],
        see_children: NamedDependency[SeeChildren],
    ) -> Response[str]:
        """Every filter is a word in the address, so that a search can be kept and sent on. A learner who comes without
        any starts from his placement, and sees those whom he can book. (DISC-01, DISC-12)
        """
        values = {name: request.query_params.get(name, "") for name in _FILTERS}
        seeking = await seeking_for(request, learner_search, see_children)
        prefilled = not any(values.values()) and seeking.start
        values |= seeking.start if prefilled else {}
        errors: dict[str, str] = {}
        most: Money | None = None
        try:
            most = money_of(values["price"], values["currency"] or PRICED_IN[0])
        except BadAmount as error:
            errors["price"] = error.message
        filters = QariFilters(
            text=values["text"][:100],
            subject=_one(Subject, values["subject"]),
            level=_one(ReadingLevel, values["level"]),
            needs=seeking.needs,
            language=values["language"] or None,
            gender=_one(Gender, values["gender"]),
            riwayah=_one(Riwayah, values["riwayah"]),
            max_price=most,
            minutes=int(values["minutes"]) if values["minutes"].isdecimal() else None,
            order=_one(QariOrder, values["order"]) or QariOrder.NEXT_FREE,
        )
        cursor = request.query_params.get("cursor")
        found = await search_qaris(filters, cursor)
        asked = {name: value for name, value in values.items() if value}
        # Beside what his address says: a learner's placement, his children, and who fits him.
        of = (tuple(found.items), found.next_cursor, tuple(asked.items()), bool(prefilled), seeking.frozen)

        def shown() -> dict[str, Any]:
            here = asked | seeking.asked
            facts = structured.listing(request, [(f"/qaris/{qari.user_id}", qari.name) for qari in found.items])
            narrowing: dict[str, Any] = {
                "prefilled": bool(prefilled),
                "narrowed": bool(asked),
                "child": seeking.child,
                "price_error": errors.get("price"),
                "children": tuple(seeking.children),
            }
            choices = partial(_choices, values, viewer_of(request).locale)
            # What somebody has written himself hardly comes again.
            free = values["text"] or values["price"]
            told = tuple(values.values())
            form: dict[str, Any] = (
                choices()
                if free
                else {"filters": part(request, "public/qaris_filters.html", told, choices, **narrowing)}
            )
            return {
                "qaris": [_card(request, qari, seeking.child) for qari in found.items],
                "next": "/qaris?" + urlencode(here | {"cursor": found.next_cursor}) if found.next_cursor else None,
                "first": "/qaris?" + urlencode(here) if cursor else None,
                "seeking": seeking,
                "all_the_same": "/qaris?" + urlencode((asked or {"order": "next_free"}) | {"everyone": "1"}),
                "fitting": "/qaris?" + urlencode((asked or {"order": "next_free"}) | seeking.asked_for),
                **narrowing,
                **form,
                **_indexed(request, "/qaris", facts),
            }

        return kept_page(request, "public/qaris.html", of, shown)

    @get("/qaris/{qari_id:uuid}", needs=Permission.NOTHING)
    async def qari(
        self,
        request: Req,
        qari_id: FromPath[UUID],
        free_slots: NamedDependency[FreeSlots],
        clock: NamedDependency[Clock],
        minutes: FromQuery[int | None] = None,
        week: FromQuery[str] = "",
        zone: FromQuery[str] = "",
    ) -> Response[str]:
        shown = zone if zone in ZONES and signed_in(request) is None else viewer_of(request).zone
        days = week_of(date_of(week), shown, clock.now())
        query = FreeSlotsQuery(qari_id=UserId(qari_id), zone=shown, start=days.start, end=days.end, minutes=minutes)
        found = await free_slots(query)
        facts = structured.qari(
            request,
            f"/qaris/{qari_id}",
            name=found.qari.name,
            gender=found.qari.gender,
            languages=found.qari.languages,
            offers=found.qari.offers,
        )
        values = _qari_page(request, found, days, clock.now()) | {"zone": shown}
        values |= _indexed(request, f"/qaris/{qari_id}", facts)
        return page(request, "public/qari.html", cookies=_remembered(request, zone, shown), **values)


_FILTERS: Final = ("text", "subject", "level", "language", "gender", "riwayah", "minutes", "price", "currency", "order")


def _indexed(request: Req, path: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """What search engines need to know of a page. (DISC-14)"""
    return {
        "canonical": canonical(request, path),
        "alternates": alternates(request, path),
        "structured": structured.block(facts),
    }


def _choices(values: Mapping[str, str], lang: str) -> dict[str, Any]:
    return {
        "values": values,
        "subjects": subject_options(),
        "levels": level_options(),
        "languages": [(code, language_name(code, lang)) for code in TAUGHT_IN],
        "riwayat": [(riwayah.value, _(name)) for riwayah, name in RIWAYAT.items()],
        "currencies": [(code, code) for code in PRICED_IN],
    }


def _one(kind: Any, text: str) -> Any:
    """An unknown word in an address is no filter at all."""
    return kind(text) if text in set(kind) else None


def _remembered(request: Req, asked: str, shown: str) -> list[Cookie]:
    """The zone that a visitor picks here holds on the other pages too."""
    if not asked or asked != shown:
        return []
    return [
        Cookie(key="zone", value=shown, path="/", max_age=31536000, samesite="lax", secure=config_of(request).secure)
    ]


def _card(request: Req, qari: QariCard, child: str = "") -> Any:
    def shown() -> dict[str, Any]:
        return {
            "qari": {
                "user_id": qari.user_id,
                "name": qari.name,
                "zone": qari.zone,
                "minutes": qari.minutes,
                "price": qari.price,
                "trial_price": qari.trial_price,
                "next_free": qari.next_free,
                "language_names": language_names(qari.languages, viewer_of(request).locale),
                "riwayah_names": riwayah_names(qari.riwayat),
                "subject_names": [subject_name(subject) for subject in qari.subjects],
            }
        }

    return part(request, "public/qari_card.html", qari, shown, child=child)


def _qari_page(request: Req, found: FreeSlotsFound, days: Week, now: datetime) -> dict[str, Any]:
    qari, minutes, here = found.qari, found.minutes, f"/qaris/{found.qari.user_id}"
    only = {Gender.FEMALE: _("women and girls"), Gender.MALE: _("men and boys")}
    free = found.next_free
    child = id_of(request.query_params.get("for", ""))
    kept = f"&for={child}" if child is not None else ""
    return {
        "qari": {
            "name": qari.name,
            "zone": qari.zone,
            "bio": qari.bio,
            "offers": qari.offers,
            "asks": qari.booking_mode is BookingMode.REQUEST,
            "language_names": language_names(qari.languages, viewer_of(request).locale),
            "riwayah_names": riwayah_names(qari.riwayat),
            "subject_names": [subject_name(subject) for subject in qari.subjects],
            "level_names": [_(LEVELS[level]) for level in qari.levels],
            "only": only[qari.teaches_genders[0]] if len(qari.teaches_genders) == 1 else None,
        },
        "minutes": minutes,
        "days": days.filled({day.date: day.slots for day in found.days}),
        "today": days.today,
        "any_free": bool(found.days),
        "first_free": free,
        "first_free_href": f"{here}?minutes={minutes}&week={free.start.astimezone(days.zone).date()}{kept}"
        if free
        else None,
        "here": here,
        "kept": kept,
        "book": f"/portal/book?qari={qari.user_id}&minutes={minutes}" + (f"&learner={child}" if child else ""),
        "previous": f"{here}?minutes={minutes}&week={days.first - timedelta(7)}{kept}" if days.start > now else None,
        "next": f"{here}?minutes={minutes}&week={days.first + timedelta(7)}{kept}",
        "zones": ZONES,
    }


CONTROLLERS_MAIN = (PublicController,)
