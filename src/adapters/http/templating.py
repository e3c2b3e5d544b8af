"""Pages from minijinja templates, called directly: no framework in between."""

from collections.abc import Callable, Hashable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

from litestar import MediaType, Response
from litestar.datastructures import Cookie
from minijinja import Environment, safe

from adapters.http import assets, csrf, formatting
from adapters.http import kept as kept_pages
from adapters.http.authentication import expired_cookie
from adapters.http.ayah import ayah
from adapters.http.branding import brand_of
from adapters.http.flash import flash_of
from adapters.http.fragments import CSRF_MARK, MOST, PATH_MARK, Fragments, filled
from adapters.http.hijri import hijri_text, manner
from adapters.http.kept import KeptResponse, Pages
from adapters.http.languages import NUMERALS_OF, remembered_language
from adapters.http.requests import Connection, config_of, language_of, request_id_of, signed_in, viewer_of
from adapters.http.terms import term
from adapters.http.text import _, comma, digits, ngettext, word
from adapters.http.unread import unread_of
from adapters.languages import NUMERALS, OWN_NAMES
from domain.identity.actor import Actor
from domain.identity.permission import GRANTS
from ports.academy import current_academy
from ports.clock import Clock

HERE: Final = Path(__file__).parent
TEMPLATES: Final = HERE / "templates"
_AS_THEY_ARE: Final = ("user", "brand")
"""What pages are remembered by without a closer look: frozen, and without text that is fit for a page as it stands."""
_LEFT_OUT: Final = frozenset({"csrf_token", "request_id", "tongues", "numeral_choices", "flash", *_AS_THEY_ARE})
"""What differs each time (the first has its mark, the second is shown by the page of errors alone), what follows from
the language or is always the same, what keeps a page from being remembered, and the above.
"""
_DEEP: Final = frozenset({"portal", "qari"})
"""Whose places have two names in their address."""


class Renderer:
    """Templates are read once, in development on every page. ``page(...)`` is what handlers call."""

    def __init__(
        self,
        clock: Clock,
        *,
        development: bool,
        strict: bool = True,
        folder: Path = TEMPLATES,
        static_url: str = "",
    ) -> None:
        self._clock, self._folder = clock, folder
        self._environment = Environment(
            loader=self._load,
            auto_escape_callback=lambda name: name.endswith((".html", ".svg")),
            undefined_behavior="strict" if strict else "lenient",
            reload_before_render=development,
            trim_blocks=True,
            lstrip_blocks=True,
            globals={
                **formatting.FUNCTIONS,
                "_": _,
                "ngettext": ngettext,
                "digits": lambda number: digits(str(number)),
                "word": word,
                "comma": comma,
                "hijri_text": hijri_text,
                "ayah": ayah,
                "term": term,
                "asset": lambda path: static_url + (assets.address(path) if development else asset_once(path)),
                "first_faces": assets.first_faces(),
            },
            filters={"money": formatting.money_text},
            debug=development,
        )

        self.fragments = Fragments(self.render, most=0 if development else MOST)
        self.pages = Pages(most=0 if development else kept_pages.MOST)

    def _load(self, name: str) -> str | None:
        path = (self._folder / name).resolve()
        if not path.is_relative_to(self._folder.resolve()) or not path.is_file():
            return None
        return path.read_text(encoding="utf-8")

    def render_timeless(self, template: str, context: Mapping[str, Any]) -> str:
        return self._environment.render_template(template, **context)

    def render(self, template: str, context: Mapping[str, Any]) -> str:
        return self._environment.render_template(template, now=self._clock.now(), **context)


asset_once = cache(assets.address)


def part(
    request: Connection,
    template: str,
    of: Hashable,
    /,
    shown: Callable[[], Mapping[str, Any]] = dict,
    **values: Hashable,
) -> Any:
    """A piece of a page, remembered (see ``fragments``). ``of`` and ``values`` are all that it depends on beside
    language and zone; ``shown`` is what the template needs of it, worked out for the first time only.
    """
    renderer = cast(Renderer, request.app.state.renderer)
    return safe(renderer.fragments.text(template, viewer_of(request).zone, {"of": of, **values}, shown))


def _place(path: str, audience: str) -> str:
    """As much of a path as says which place it belongs to: lessons and people are many, places are few."""
    parts = path.split("/")
    return "/".join(parts[: 3 if audience == "main" and parts[1] in _DEEP else 2])


def page(
    request: Connection,
    template: str,
    /,
    *,
    status_code: int = 200,
    cookies: list[Cookie] | None = None,
    **context: Any,
) -> Response[Any]:
    """Renders with what every page may count on: see ``templates/README.md``."""
    renderer = cast(Renderer, request.app.state.renderer)
    values, _token, extra = _every_page(request)
    return Response(
        renderer.render(template, values | _around(request, renderer, values) | context),
        status_code=status_code,
        media_type=MediaType.HTML,
        cookies=[*(cookies or []), *extra],
    )


def kept_page(
    request: Connection, template: str, of: Hashable, shown: Callable[[], Mapping[str, Any]], /
) -> Response[Any]:
    """As ``page``, but remembered as a whole (see ``kept``). ``of``: all that it is made of beside its address and
    what every page has; ``shown`` is what the template needs of that, worked out for the first time only. Nobody who
    is told something by the way gets another's page. The template gets no ``now``.
    """
    renderer = cast(Renderer, request.app.state.renderer)
    values, token, extra = _every_page(request)
    if values["flash"]:
        return page(request, template, **shown())
    known = tuple((name, each) for name, each in values.items() if name not in _LEFT_OUT)
    plain = tuple(values[name] for name in _AS_THEY_ARE)
    address = (current_academy(), request.scope["query_string"], template, manner())

    def rendered() -> str:
        marked = values | {"csrf_token": CSRF_MARK}
        return renderer.render_timeless(template, marked | _around(request, renderer, marked) | dict(shown()))

    return KeptResponse(renderer.pages.page(known, (address, plain, of), rendered), token, cookies=extra)


def _every_page(request: Connection) -> tuple[dict[str, Any], str, list[Cookie]]:
    """What every template may count on, the proof that its forms carry, and the cookies that go with it."""
    config, viewer, brand = config_of(request), viewer_of(request), brand_of(request)
    token, visit = csrf.token_for_page(request)
    flash, person = flash_of(request), signed_in(request)
    actor = request.scope.get("user")
    values: dict[str, Any] = {
        "user": person,
        "can": sorted(actor.permissions) if isinstance(actor, Actor) else [],
        "hats": [role.value for role in person.roles if role in GRANTS[person.audience]] if person else [],
        "dir": viewer.direction,
        "theme": theme if (theme := request.cookies.get("theme", "")) in {"light", "dark"} else "",
        "zone": viewer.zone,
        "lang": viewer.locale,
        "tongues": list(OWN_NAMES.items()),
        "numerals": language_of(request).numerals,
        "numeral_choices": [(name, NUMERALS[name][1:4]) for name in NUMERALS_OF.get(viewer.locale, ())],
        "csrf_token": token,
        "flash": [flash] if flash else [],
        "unread": unread_of(request),
        "path": request.scope["path"],
        "school": brand.branding.name or config.school_name,
        "brand": brand,
        "audience": config.audience.value,
        "other_url": config.other_url,
        "development": config.development,
        "request_id": request_id_of(request),
    }
    seen = expired_cookie(config, config.flash_cookie) if flash else None
    return values, token, [cookie for cookie in (visit, seen, remembered_language(request)) if cookie]


def _around(request: Connection, renderer: Renderer, values: Mapping[str, Any]) -> dict[str, Any]:
    """The foot of the page and the ways to its places, each of them a part."""
    foot = {key: values[key] for key in ("theme", "dir")}
    choices = {key: values[key] for key in ("tongues", "numeral_choices", "numerals")}
    marks = {"csrf_token": CSRF_MARK, "path": PATH_MARK}
    made = renderer.fragments.text("layouts/colophon.html", values["zone"], foot, lambda: choices | marks)
    can = tuple(values["can"])

    def ways() -> Any:
        place, audience = _place(values["path"], values["audience"]), values["audience"]
        return part(request, "layouts/places.html", audience, can=can, path=place, audience=audience)

    return {"colophon": filled(made, csrf_token=values["csrf_token"], path=values["path"]), "ways": ways}
