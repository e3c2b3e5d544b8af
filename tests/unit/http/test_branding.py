"""The school's own looks: on every page by a stylesheet of its own, readable in both themes, never in the way."""

import re
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from adapters.http.app import create_app
from adapters.http.branding import brand_colors, brand_logo, stylesheet
from adapters.http.web.admin.office import AdminOfficeController
from application.identity.authenticate import Authenticate
from application.oversight.branding import SeeBrand, SeeLogo, SetLogo
from application.oversight.settings import ChangeSettings
from domain.errors import Invalid
from domain.identity.actor import Actor
from domain.identity.permission import Audience, Role
from domain.oversight.branding import BRANDING, NIGHT, PAPER, READABLE, Branding, contrast
from fakes.clock import FixedClock
from fakes.http import EverybodySignedIn, a_config, bearer, provided, token_of
from fakes.identity import a_user
from fakes.unit import MemoryStore, MemoryUnit

ADMIN = Actor(user_id=a_user().id, role=Role.ADMIN, audience=Audience.ADMIN)
PICTURE = b"\x89PNG\r\n\x1a\n and so on"


class School:
    def __init__(self) -> None:
        self.store, self.clock = MemoryStore(), FixedClock()
        self.brand = SeeBrand(self.unit, self.clock)
        self.logo = SeeLogo(self.unit, self.brand)
        self.change = ChangeSettings(self.unit, self.clock)
        self.set_logo = SetLogo(self.unit, self.clock)

    def unit(self) -> MemoryUnit:
        return MemoryUnit(self.store)

    def open(self, brands: Any = None) -> TestClient[Litestar]:
        app = create_app(
            config=a_config(Audience.ADMIN, development=True),
            controllers=[AdminOfficeController, brand_colors, brand_logo],
            dependencies={"see_brand": provided(self.brand), "see_logo": provided(self.logo)},
            authenticator=Authenticate(Audience.ADMIN, EverybodySignedIn(), self.clock),
            clock=self.clock,
            brands=brands or self.brand,
        )
        client = TestClient(app)
        client.headers.update(bearer(token_of(Audience.ADMIN, Role.SUPPORT)) | {"Accept": "text/html"})
        return client


async def test_pages_bear_the_name_and_name_the_colors_of_their_version() -> None:
    # ADM-06
    school = School()
    await school.change(ADMIN, BRANDING, Branding(name="Dar al-Quran", color="#7a1f4b"), based_on=0, reason="ours")

    with school.open() as client:
        shown = client.get("/office").text
        colors = client.get("/brand/colors.css?v=1")

    assert "Dar al-Quran" in shown
    assert 'href="/brand/colors.css?v=1"' in shown
    assert "style=" not in shown
    assert "--act:#7a1f4b" in colors.text
    assert colors.headers["content-type"].startswith("text/css")
    assert "immutable" in colors.headers["cache-control"]


async def test_a_school_without_colors_costs_no_request() -> None:
    with School().open() as client:
        assert "/brand/" not in client.get("/office").text


async def test_a_page_is_worth_more_than_its_color() -> None:
    async def broken(*, fresh: bool = False) -> Any:
        raise ConnectionError("no database")

    with School().open(broken) as client:
        assert client.get("/office").status_code == 200


async def test_a_logo_is_served_as_what_it_is_and_an_older_version_brings_the_old_one_back() -> None:
    school = School()
    await school.set_logo(ADMIN, PICTURE, based_on=0, reason="a sign")
    with school.open() as client:
        logo = client.get("/brand/logo")
    await school.set_logo(ADMIN, b"", based_on=1, reason="plain is better")
    school.clock.advance(minutes=1)

    assert (logo.content, logo.headers["content-type"]) == (PICTURE, "image/png")
    assert await school.logo() is None
    assert [act.reason for act in school.store.acts] == ["a sign", "plain is better"]
    with pytest.raises(Invalid):
        await school.set_logo(ADMIN, b"<svg onload=alert(1)>", based_on=2, reason="a trap")


async def test_looks_are_read_once_in_a_while_and_fresh_when_asked() -> None:
    school = School()
    before = await school.brand()
    await school.change(ADMIN, BRANDING, Branding(name="New"), based_on=0, reason="ours")

    assert await school.brand() == before
    assert (await school.brand(fresh=True)).branding.name == "New"
    assert (await school.brand()).branding.name == "New"


@pytest.mark.parametrize("color", ["#7a1f4b", "#14532d", "#1d4ed8", "#000000", "#9a3412"])
@pytest.mark.parametrize("dark", ["#f0a8c8", "#86efac", "#ffffff", "#fde68a"])
def test_whatever_the_color_its_words_can_be_read(color: str, dark: str) -> None:
    text = stylesheet(Branding(color=color, dark_color=dark))
    light, night = [
        dict(re.findall(r"(--[a-z-]+):(#[0-9a-f]{6})", rule)) for rule in re.findall(r"\{(--act:[^}]*)\}", text)
    ][:2]

    for shades, ground in ((light, PAPER), (night, NIGHT)):
        assert contrast(shades["--act"], ground) >= READABLE
        assert contrast(shades["--on-act"], shades["--act"]) >= READABLE
        assert contrast(shades["--on-act"], shades["--act-deep"]) >= READABLE
        assert contrast(shades["--act-ink"], shades["--act-wash"]) >= READABLE
