"""One's own calendar feed: open it, replace it, close it. (API-09)"""

from typing import Any

from litestar import Controller, Response, get, post

from adapters.http.flash import redirect
from adapters.http.given import NamedDependency
from adapters.http.requests import Req, config_of
from adapters.http.templating import page
from adapters.http.text import _
from application.notification.feeds import OpenFeed, RevokeFeed, ShowFeed
from domain.identity.permission import Permission


class FeedPageController(Controller):
    path = "/calendar-feed"
    include_in_schema = False

    @get("/", needs=Permission.MANAGE_CALENDAR_FEED)
    async def show(self, request: Req, show_feed: NamedDependency[ShowFeed]) -> Response[Any]:
        return page(request, "lessons/feed.html", feed=await show_feed(request.user), url=None)

    @post("/", needs=Permission.MANAGE_CALENDAR_FEED, status_code=200)
    async def open(
        self, request: Req, open_feed: NamedDependency[OpenFeed], show_feed: NamedDependency[ShowFeed]
    ) -> Response[Any]:
        """Answers with the page itself: the address is shown this once and goes into no cookie."""
        url = f"{config_of(request).base_url.rstrip('/')}/feeds/{await open_feed(request.user)}.ics"
        answer = page(request, "lessons/feed.html", feed=await show_feed(request.user), url=url)
        answer.headers["cache-control"] = "no-store"
        return answer

    @post("/close", needs=Permission.MANAGE_CALENDAR_FEED, status_code=303)
    async def close(self, request: Req, revoke_feed: NamedDependency[RevokeFeed]) -> Response[Any]:
        await revoke_feed(request.user)
        return redirect(request, "/calendar-feed", _("The feed is closed; its address shows nothing any more."))
