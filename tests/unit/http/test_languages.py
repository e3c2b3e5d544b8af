"""Pages and refusals in the reader's language. (L10N-01, DISC-14)"""

import json
import re
from html import unescape
from typing import Any

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from adapters.http.refusals import field_message
from adapters.http.web import discovery, preferences, public
from adapters.languages import speaking
from application.booking.learner_search import LearnerSearch
from application.identity.choose_language import ChooseLanguage
from application.identity.see_family import SeeChildren
from application.scheduling.free_slots import FreeSlots
from application.scheduling.list_qaris import ListQaris
from application.scheduling.search_qaris import SearchQaris
from domain.errors import Invalid
from domain.identity.actor import Actor
from domain.identity.permission import Audience, Role
from fakes.directory import MemoryDirectory, MemorySchool
from fakes.guardians import MemoryGuardianQueries
from fakes.http import StandingClock, a_config, an_app, provided
from fakes.identity import MemorySessionCache
from fakes.scheduling import a_calendar, a_qari
from fakes.screens import LEARNER
from fakes.unit import MemoryStore
from support.units import memory_units

HTML = {"Accept": "text/html"}


def _main(school: MemorySchool | None = None) -> TestClient[Litestar]:
    directory, clock = MemoryDirectory(school or MemorySchool()), StandingClock()
    parts: dict[str, Any] = {
        "search_qaris": SearchQaris(directory, clock),
        "learner_search": LearnerSearch(memory_units(MemoryStore()), clock),
        "see_children": SeeChildren(MemoryGuardianQueries()),
        "free_slots": FreeSlots(directory, clock),
        "list_qaris": ListQaris(directory),
        "clock": clock,
        "choose_language": ChooseLanguage(lambda: None, clock, MemorySessionCache()),  # type: ignore[arg-type,return-value]
    }
    controllers = [*public.CONTROLLERS_MAIN, *discovery.CONTROLLERS_MAIN, *preferences.CONTROLLERS_MAIN]
    return TestClient(an_app(controllers, dependencies={name: provided(part) for name, part in parts.items()}))


def _school() -> MemorySchool:
    school, profile = MemorySchool(), a_qari(name="Qari </script> Yusuf")
    school.add(profile, a_calendar(qari_id=profile.user_id))
    return school


@pytest.mark.parametrize(
    ("headers", "query", "lang", "direction", "words"),
    [
        ({}, "", "en", "ltr", "Find a Qari"),
        ({"Accept-Language": "ar-SA"}, "", "ar", "rtl", "ابحث عن قارئ"),
        ({"Accept-Language": "ar", "Cookie": "lang=ur"}, "", "ur", "rtl", "قاری تلاش کیجیے"),
        ({"Cookie": "lang=ur"}, "?lang=ar", "ar", "rtl", "ابحث عن قارئ"),
        ({"Cookie": "lang=xx"}, "?lang=xx", "en", "ltr", "Find a Qari"),
    ],
)
def test_a_page_speaks_what_its_reader_prefers(  # L10N-01
    headers: dict[str, str], query: str, lang: str, direction: str, words: str
) -> None:
    with _main() as main:
        page = main.get(f"/qaris{query}", headers=HTML | headers)

    assert f'<html lang="{lang}" dir="{direction}">' in page.text
    assert words in page.text
    assert ("lang=ar" in page.headers.get("set-cookie", "")) == (query == "?lang=ar")


def test_refusals_speak_it_too_for_people_and_for_programs() -> None:  # L10N-01
    with _main() as main:
        page = main.get("/nowhere", headers=HTML | {"Accept-Language": "ur"})
        problem = main.get("/nowhere", headers={"Accept-Language": "ar"})

    assert "اس پتے پر کچھ نہیں ہے۔" in page.text
    assert problem.json()["detail"] == "لا شيء في هذا العنوان."
    assert problem.json()["code"] == "not_found"


def test_the_switch_is_kept_and_takes_languages_alone() -> None:
    with _main() as main:
        proof = re.search(r'name="csrf_token" value="([^"]+)"', main.get("/qaris", headers=HTML).text)
        assert proof is not None
        fields = {"csrf_token": proof[1], "next": "/qaris"}
        chosen = main.post(
            "/preferences/language", data=fields | {"lang": "ur", "numerals": "arabext"}, follow_redirects=False
        )
        kept = main.get("/qaris", headers=HTML)
        nonsense = main.post("/preferences/language", data=fields | {"lang": "xx"}, follow_redirects=False)

    assert (chosen.status_code, chosen.headers["location"]) == (303, "/qaris")
    assert 'lang="ur"' in kept.text
    assert "lang" not in nonsense.cookies


async def test_an_account_takes_only_languages_that_have_pages() -> None:
    choose = ChooseLanguage(lambda: None, StandingClock(), MemorySessionCache())  # type: ignore[arg-type,return-value]

    with pytest.raises(Invalid):
        await choose(Actor(user_id=LEARNER.id, role=Role.STUDENT, audience=Audience.MAIN), "xx")


def test_public_pages_name_their_other_languages_and_tell_machines_what_they_hold() -> None:  # DISC-14
    school = _school()
    qari_id = next(iter(school.profiles))
    base = a_config().base_url
    with _main(school) as main:
        page = main.get(f"/qaris/{qari_id}?week=2026-03-10&lang=ar", headers=HTML)
    text = unescape(page.text)

    assert f'<link rel="canonical" href="{base}/qaris/{qari_id}?lang=ar">' in text
    for lang in ("en", "ar", "ur"):
        assert f'hreflang="{lang}" href="{base}/qaris/{qari_id}?lang={lang}"' in text
    assert f'hreflang="x-default" href="{base}/qaris/{qari_id}"' in text
    block = re.search(r'<script type="application/ld\+json">(.*?)</script>', page.text)
    assert block is not None
    facts = json.loads(block[1])
    assert (facts["@context"], facts["@type"], facts["name"]) == (
        "https://schema.org",
        "Person",
        "Qari </script> Yusuf",
    )
    assert all(set(offer) >= {"@type", "price", "priceCurrency", "url"} for offer in facts["makesOffer"])
    assert "email" not in block[1]


def test_the_sitemap_and_robots_lead_to_what_is_public_alone() -> None:  # DISC-14
    school = _school()
    qari_id = next(iter(school.profiles))
    with _main(school) as main:
        sitemap, robots = main.get("/sitemap.xml"), main.get("/robots.txt")

    assert sitemap.headers["content-type"].startswith("application/xml")
    assert sitemap.text.count("<url>") == 3 * 4
    assert f"/qaris/{qari_id}?lang=ur" in sitemap.text
    assert "Disallow: /portal" in robots.text
    assert "Disallow: /qaris" not in robots.text
    with TestClient(an_app(discovery.CONTROLLERS_ADMIN, audience=Audience.ADMIN)) as admin:
        assert admin.get("/robots.txt").text == "User-agent: *\nDisallow: /\n"


def test_what_the_decoder_refuses_is_told_in_words() -> None:  # L10N-01
    class Form(msgspec.Struct):
        name: str

    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.convert({"name": 1}, Form)

    assert field_message(str(refused.value)) == str(refused.value)
    with speaking("ur"):
        assert "متوقع تھا" in field_message(str(refused.value))
