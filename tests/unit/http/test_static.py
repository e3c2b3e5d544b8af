"""OPS-07: our own files can come from a network of delivery, and nothing of an old release is shown with a new one."""

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient

from adapters.http.assets import address, bundle, content
from domain.identity.permission import Audience
from fakes.http import an_app

CDN = "https://cdn.example"
ORDER = ("script-src", "style-src", "img-src", "font-src")


def rules(answer: Any) -> dict[str, str]:
    policy = answer.headers["content-security-policy"]
    return dict(rule.strip().split(" ", 1) for rule in policy.split(";") if " " in rule.strip())


@pytest.fixture(params=list(Audience))
def audience(request: pytest.FixtureRequest) -> Audience:
    return Audience(request.param)


def test_pages_name_files_there_and_the_policy_allows_exactly_that_origin(audience: Audience) -> None:
    with TestClient(an_app([], audience=audience, static_url=f"{CDN}/school")) as client:
        page = client.get("/nothing-here", headers={"accept": "text/html"})

    named = re.findall(r'(?:href|src)="([^"]*/static/[^"]*)"', unescape(page.text))
    assert len(named) >= 3
    assert all(name.startswith(f"{CDN}/school/static/") and "?v=" in name for name in named)
    told = rules(page)
    assert [told[name] for name in ORDER] == [
        f"'self' {CDN}",
        f"'self' {CDN}",
        f"'self' {CDN} data:",
        f"'self' {CDN}",
    ]
    assert told["connect-src"] == "'self'"
    assert told["default-src"] == "'none'"
    assert CDN not in told["form-action"]


def test_without_the_setting_everything_is_our_own() -> None:
    with TestClient(an_app([])) as client:
        page = client.get("/nothing-here", headers={"accept": "text/html"})
        sheet = client.get(address("halaqa.css"))

    assert set(re.findall(r'(?:href|src)="([^"]*)/static/', unescape(page.text))) == {""}
    assert rules(page)["script-src"] == rules(page)["style-src"] == rules(page)["font-src"] == "'self'"
    assert sheet.headers["cross-origin-resource-policy"] == "same-origin"
    assert "access-control-allow-origin" not in sheet.headers


def test_files_may_be_used_by_pages_of_another_origin_and_nothing_else_may() -> None:
    with TestClient(an_app([], static_url=CDN)) as client:
        files = [client.get(address(path)) for path in ("halaqa.css", "js/halaqa.js", "img/icon.svg")]
        page = client.get("/nothing-here", headers={"accept": "text/html"})

    for file in files:
        assert file.headers["access-control-allow-origin"] == "*"
        assert file.headers["cross-origin-resource-policy"] == "cross-origin"
        assert "set-cookie" not in file.headers
    assert page.headers["cross-origin-resource-policy"] == "same-origin"
    assert "access-control-allow-origin" not in page.headers


def test_what_carries_its_version_is_kept_for_good() -> None:
    with TestClient(an_app([])) as client:
        kept = client.get(address("js/halaqa.js")).headers["cache-control"]
        bare = client.get("/static/js/halaqa.js").headers["cache-control"]

    assert (kept, bare) == ("public, max-age=31536000, immutable", "public, max-age=3600")


def test_what_is_asked_for_by_the_version_of_another_release_is_not_kept() -> None:
    # Of two releases side by side the old one may be asked for what the new one's page names.
    with TestClient(an_app([])) as client:
        answer = client.get("/static/halaqa.css?v=0123456789")

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-cache"


def test_addresses_change_with_the_content_and_with_that_alone(tmp_path: Path) -> None:
    file = tmp_path / "js" / "one.js"
    file.parent.mkdir()
    file.write_text("1")
    before = address("js/one.js", tmp_path)
    assert address("js/one.js", tmp_path) == before

    file.write_text("2")

    assert address("js/one.js", tmp_path) != before


def test_a_script_names_the_version_of_what_it_loads_and_changes_with_it(tmp_path: Path) -> None:
    (tmp_path / "js").mkdir()
    first, second = tmp_path / "js" / "first.js", tmp_path / "js" / "second.js"
    first.write_text('const { it } = await import("./second.js");')
    second.write_text("export const it = 1;")
    before, loaded = address("js/first.js", tmp_path), address("js/second.js", tmp_path)

    served = content("js/first.js", tmp_path)
    second.write_text("export const it = 2;")

    assert served is not None
    assert f'import("./{loaded.removeprefix("/static/js/")}")'.encode() in served
    assert address("js/first.js", tmp_path) != before


def test_our_scripts_load_nothing_by_a_path_of_this_host() -> None:
    for path in sorted((Path(__file__).parents[3] / "src/adapters/http/static/js").glob("*.js")):
        assert not re.findall(r"""(?:import|from)\s*\(?\s*["'`]/""", path.read_text("utf-8")), path.name


def test_the_stylesheet_finds_its_fonts_beside_itself() -> None:
    # A browser resolves them against the address of the sheet, on whatever origin and below whatever path.
    assert not re.findall(r'url\("?/', bundle())
    assert all("?v=" in one for one in re.findall(r'url\("(fonts/[^"]*)"', bundle()))
