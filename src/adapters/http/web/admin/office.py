"""All places of the office on one page: what the narrow navigation of a phone has no room for."""

from typing import Any

from litestar import Controller, Response, get

from adapters.http.requests import Req
from adapters.http.templating import page
from domain.identity.permission import Permission


class AdminOfficeController(Controller):
    include_in_schema = False

    @get("/office", needs=Permission.SIGNED_IN, sync_to_thread=False)
    def places(self, request: Req) -> Response[Any]:
        return page(request, "admin/office.html")
