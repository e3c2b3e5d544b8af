"""``/styleguide``: every token and component in all states, both themes, both directions. In development only."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from litestar import Controller, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromQuery

from adapters.http.requests import Req, config_of
from adapters.http.templating import page
from domain.identity.permission import Permission
from domain.money import Money
from domain.time import TimeSlot

_START = datetime(2026, 3, 3, 17, tzinfo=UTC)


def _sample() -> dict[str, Any]:
    monday = date(2026, 3, 2)
    slots = [TimeSlot.lasting(_START + timedelta(minutes=30 * step), 30) for step in range(5)]
    days = [{"date": monday + timedelta(n), "slots": slots[: (n * 3) % 6]} for n in range(7)]
    block = {"href": "/styleguide", "label": "10:00 Maryam", "title": "Tue 3 Mar, 10:00 Maryam"}
    return {
        "start": slots[0].start,
        "end": slots[0].end,
        "price": Money(1200, "USD"),
        "less": Money(950, "USD"),
        "days": days,
        "bars": [
            {"label": f"{month} 2026", "value": minor, "words": f"${minor}"}
            for month, minor in (("Jan", 240), ("Feb", 410), ("Mar", 0), ("Apr", 330))
        ],
        "dots": [
            {
                "date": date(2026, 3, n + 1),
                "column": n % 7,
                "line": n // 7,
                "marks": ["", "open", "loss"][: n % 4],
                "words": f"{n % 4} lessons",
            }
            for n in range(31)
        ],
        "blocks": [
            block | {"day": 1, "top": 120, "height": 30, "tone": ""},
            block | {"day": 3, "top": 60, "height": 60, "tone": "waiting"},
            block | {"day": 0, "top": 200, "height": 45, "tone": "past"},
        ],
    }


class StyleguideController(Controller):
    include_in_schema = False

    @get("/styleguide", needs=Permission.NOTHING, sync_to_thread=False)
    def show(self, request: Req, theme: FromQuery[str] = "light", dir: FromQuery[str] = "ltr") -> Response[str]:
        if not config_of(request).development:
            raise NotFoundException
        shown = {"theme": "dark" if theme == "dark" else "light", "dir": "rtl" if dir == "rtl" else "ltr"}
        return page(request, "styleguide.html", sample=_sample(), theme=shown["theme"], dir=shown["dir"])


CONTROLLERS_MAIN = (StyleguideController,)
