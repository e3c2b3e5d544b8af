"""Everything that waits for somebody, with its age and its owner. (ADM-03)"""

from typing import Any

from litestar import Controller, Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery

from adapters.http.flash import redirect
from adapters.http.given import NamedDependency
from adapters.http.requests import Req
from adapters.http.templating import page
from adapters.http.text import _
from adapters.http.web.forms import fields_of, next_page, told
from application.oversight.queues import ClaimItem, CountQueues, ListQueue, ReleaseItem
from domain.errors import DomainError
from domain.identity.permission import Permission
from domain.oversight.queues import GATES, Queue


class AdminQueuesController(Controller):
    path = "/queues"
    include_in_schema = False

    @get("/", needs=Permission.SEE_BOOKINGS)
    async def overview(self, request: Req, count_queues: NamedDependency[CountQueues]) -> Response[Any]:
        counted = await count_queues(request.user)
        return page(request, "admin/queues.html", queues=list(counted.value.items()), at=counted.at)

    @get("/{name:str}", needs=Permission.SEE_BOOKINGS)
    async def queue(
        self,
        request: Req,
        name: FromPath[str],
        list_queue: NamedDependency[ListQueue],
        cursor: FromQuery[str | None] = None,
    ) -> Response[Any]:
        queue = _queue(name)
        found = await list_queue(request.user, queue, cursor=cursor)
        settles = queue is not Queue.APPLICATIONS and request.user.may(GATES[queue].settle)
        return page(
            request,
            "admin/queue.html",
            queue=queue.value,
            items=found.items,
            settles=settles,
            me=request.user.user_id,
            next=next_page(f"/queues/{name}", found.next_cursor),
            first=f"/queues/{name}" if cursor else None,
        )

    @post("/{name:str}/claim", needs=Permission.REFUND, status_code=303)
    async def claim(self, request: Req, name: FromPath[str], claim_item: NamedDependency[ClaimItem]) -> Response[Any]:
        """Who may settle anything at all may knock here; what exactly he settles is asked behind it."""
        fields = await fields_of(request)
        try:
            await claim_item(request.user, _queue(name), fields.get("item", ""), over=fields.get("over") == "1")
        except DomainError as error:
            return redirect(request, f"/queues/{name}", told(error), "problem")
        return redirect(request, f"/queues/{name}", _("It is yours now."))

    @post("/{name:str}/release", needs=Permission.REFUND, status_code=303)
    async def release(
        self, request: Req, name: FromPath[str], release_item: NamedDependency[ReleaseItem]
    ) -> Response[Any]:
        fields = await fields_of(request)
        try:
            await release_item(request.user, _queue(name), fields.get("item", ""))
        except DomainError as error:
            return redirect(request, f"/queues/{name}", told(error), "problem")
        return redirect(request, f"/queues/{name}", _("It waits for somebody else now."))


def _queue(name: str) -> Queue:
    if name not in list(Queue):
        raise NotFoundException
    return Queue(name)
