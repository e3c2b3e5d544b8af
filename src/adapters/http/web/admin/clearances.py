"""What the school has seen of its Qaris, and the lessons with children that lack it. (SAFE-02)"""

from typing import Any
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.params import FromPath

from adapters.http.flash import redirect
from adapters.http.given import NamedDependency
from adapters.http.refusals import refusal
from adapters.http.requests import Req
from adapters.http.templating import page
from adapters.http.text import _
from adapters.http.web.forms import fields_of
from adapters.http.words import date_of, sentence
from application.onboarding.clearances import (
    ClearanceFacts,
    RecordClearance,
    SeeClearances,
    SeeQariClearances,
    WithdrawClearance,
)
from domain.errors import Conflict, Invalid
from domain.identity.permission import Permission
from domain.ids import ClearanceId, UserId
from domain.onboarding.clearance import ClearanceKind

HERE = "/clearances"


def kind_names() -> dict[str, str]:
    return {
        ClearanceKind.BACKGROUND_CHECK.value: _("background check"),
        ClearanceKind.IJAZAH.value: _("ijazah"),
        ClearanceKind.TRAINING.value: _("training in child protection"),
    }


class AdminClearancesController(Controller):
    path = HERE
    include_in_schema = False

    @get("/", needs=Permission.SEE_PEOPLE)
    async def board(self, request: Req, see_clearances: NamedDependency[SeeClearances]) -> Response[Any]:
        board = await see_clearances(request.user)
        return page(
            request,
            "admin/clearances.html",
            board=board,
            required=[kind.value for kind in board.required],
            qaris=[
                {"view": one, "missing": [kind.value for kind in board.required if kind not in one.valid]}
                for one in board.qaris
            ],
            kinds=kind_names(),
        )

    @get("/{qari_id:uuid}", needs=Permission.SEE_PEOPLE)
    async def qari(
        self, request: Req, qari_id: FromPath[UUID], see_qari_clearances: NamedDependency[SeeQariClearances]
    ) -> Response[Any]:
        found = await see_qari_clearances(request.user, UserId(qari_id))
        return page(
            request,
            "admin/clearance.html",
            qari=found,
            clearances=[{"view": one, "holds": one.holds_on(found.today)} for one in found.clearances],
            kinds=kind_names(),
        )

    @post("/{qari_id:uuid}", needs=Permission.MANAGE_CLEARANCE, status_code=303)
    async def record(
        self, request: Req, qari_id: FromPath[UUID], record_clearance: NamedDependency[RecordClearance]
    ) -> Response[Any]:
        fields, here = await fields_of(request), f"{HERE}/{qari_id}"
        issued, expires = date_of(fields.get("issued_on", "")), date_of(fields.get("expires_on", ""))
        if fields.get("kind") not in set(ClearanceKind) or issued is None:
            return redirect(request, here, _("Say what was seen, and of which day it is."), "problem")
        facts = ClearanceFacts(
            kind=ClearanceKind(fields["kind"]),
            issued_on=issued,
            expires_on=expires,
            reference=fields.get("reference", ""),
        )
        try:
            await record_clearance(request.user, UserId(qari_id), facts)
        except Invalid as error:
            return redirect(request, here, sentence(refusal(error)), "problem")
        return redirect(request, here, _("Recorded."))

    @post("/{qari_id:uuid}/{clearance_id:uuid}/withdraw", needs=Permission.MANAGE_CLEARANCE, status_code=303)
    async def withdraw(
        self,
        request: Req,
        qari_id: FromPath[UUID],
        clearance_id: FromPath[UUID],
        withdraw_clearance: NamedDependency[WithdrawClearance],
    ) -> Response[Any]:
        here, reason = f"{HERE}/{qari_id}", (await fields_of(request)).get("reason", "")
        try:
            await withdraw_clearance(request.user, ClearanceId(clearance_id), reason)
        except (Invalid, Conflict) as error:
            return redirect(request, here, sentence(refusal(error)), "problem")
        return redirect(request, here, _("Withdrawn. No new lessons with children from now on."))
