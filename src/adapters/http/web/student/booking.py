"""From a free time to the payment page: review it, hold it, pay. (BOOK-02, BOOK-04, DISC-12)"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4, uuid5

from litestar import Controller, Response, get, post
from litestar.response import Redirect

from adapters.http.flash import redirect
from adapters.http.given import NamedDependency
from adapters.http.requests import Req, viewer_of
from adapters.http.templating import page
from adapters.http.text import _
from adapters.http.web.consents import to_consents
from adapters.http.web.forms import address, fields_of, id_of, moment_of, stamp
from adapters.http.words import sentence
from application.billing.start_checkout import StartCheckout, StartCheckoutCommand
from application.booking.hold_slot import HoldSlot, HoldSlotCommand
from application.identity.see_family import SeeChildren
from application.scheduling.free_slots import FreeSlots, FreeSlotsFound, FreeSlotsQuery
from application.scheduling.set_learner_gender import SetLearnerGender
from domain.booking.booking import Booking, Kind, Status
from domain.errors import Conflict, DomainError, Invalid
from domain.identity.guardianship import GuardianshipStatus, Right
from domain.identity.permission import Permission
from domain.ids import BookingId, PaymentId, SeriesId, UserId
from domain.onboarding.consent import ConsentNeeded
from domain.scheduling.qari import BookingMode, Gender
from ports.billing.gateway import PAY_HERE
from ports.errors import GatewayError

OTHER_TIMES: Final = 4
DAY: Final = timedelta(days=1)


class BookingPageController(Controller):
    include_in_schema = False

    @get("/portal/book", needs=Permission.BOOK_LESSON)
    async def review(
        self, request: Req, free_slots: NamedDependency[FreeSlots], see_children: NamedDependency[SeeChildren]
    ) -> Response[Any]:
        wish = Wish(request.query_params)
        found = await free_slots(wish.query(viewer_of(request).zone))
        return _review(request, wish, found, await booked_for(request, see_children))

    @post("/portal/book", needs=Permission.BOOK_LESSON, status_code=303)
    async def hold(
        self,
        request: Req,
        free_slots: NamedDependency[FreeSlots],
        hold_slot: NamedDependency[HoldSlot],
        set_learner_gender: NamedDependency[SetLearnerGender],
        start_checkout: NamedDependency[StartCheckout],
        see_children: NamedDependency[SeeChildren],
    ) -> Response[Any]:
        fields = await fields_of(request)
        wish = Wish(fields)
        if fields.get("gender") in set(Gender):
            await set_learner_gender(request.user, Gender(fields["gender"]))
        try:
            booking = await hold_slot(request.user, wish.command(request.user.user_id))
        except ConsentNeeded as needed:
            return to_consents(request, needed, wish.address(wish.start))
        except (Conflict, Invalid) as refused:
            found = await free_slots(wish.query(viewer_of(request).zone))
            return _review(request, wish, found, await booked_for(request, see_children), refused=refused)
        return await _onwards(request, booking, start_checkout)

    @post("/portal/checkout", needs=Permission.PAY, status_code=303)
    async def pay(self, request: Req, start_checkout: NamedDependency[StartCheckout]) -> Response[Any]:
        fields = await fields_of(request)
        booking, series = id_of(fields.get("booking", "")), id_of(fields.get("series", ""))
        command = StartCheckoutCommand(
            payment_id=PaymentId(uuid4()),
            booking_id=BookingId(booking) if booking else None,
            series_id=SeriesId(series) if series else None,
        )
        return await to_checkout(request, command, start_checkout, f"/lessons/{booking}" if booking else "/portal")


class Wish:
    """What somebody wants to book, as an address or a form says it. Raises Invalid for half a wish."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        qari = id_of(fields.get("qari", ""))
        if qari is None or not fields.get("minutes", "").isdecimal():
            raise Invalid(_("Choose a Qari and a time first."), field="qari")
        self.qari_id, self.minutes = UserId(qari), int(fields["minutes"])
        self.start = moment_of(fields.get("start", ""))
        self.kind = Kind.TRIAL if fields.get("kind") == Kind.TRIAL else Kind.REGULAR
        learner = id_of(fields.get("learner", ""))
        self.learner_id = UserId(learner) if learner is not None else None
        self.note, self.key = fields.get("note", "")[:500], fields.get("key") or uuid4().hex

    def query(self, zone: str) -> FreeSlotsQuery:
        return FreeSlotsQuery(
            qari_id=self.qari_id, zone=zone, start=self.start, end=self.start + DAY, minutes=self.minutes
        )

    def command(self, learner_id: UserId) -> HoldSlotCommand:
        """The same form sent twice is the same booking."""
        return HoldSlotCommand(
            booking_id=BookingId(uuid5(learner_id, f"book {self.key}")),
            qari_id=self.qari_id,
            starts_at=self.start,
            minutes=self.minutes,
            kind=self.kind,
            note=self.note,
            learner_id=self.learner_id,
        )

    def address(self, start: datetime) -> str:
        kind = self.kind.value if self.kind is Kind.TRIAL else None
        return address(
            "/portal/book",
            qari=self.qari_id,
            minutes=self.minutes,
            start=stamp(start),
            kind=kind,
            learner=self.learner_id,
        )


async def booked_for(request: Req, see_children: SeeChildren) -> list[tuple[str, str]]:
    """Whom the reader may book for, himself last; empty when that is himself alone."""
    children = [
        (str(ward.child_id), ward.name)
        for ward in await see_children(request.user)
        if ward.status is GuardianshipStatus.ACTIVE and Right.BOOK in ward.rights
    ]
    return [*children, ("", _("Myself"))] if children else []


async def to_checkout(
    request: Req, command: StartCheckoutCommand, start_checkout: StartCheckout, back: str
) -> Response[Any]:
    """To the provider's page; back with a word of why when it cannot be had."""
    try:
        payment = await start_checkout(request.user, command)
    except GatewayError:
        text = _("The payment service does not answer. Your time is still held; try again in a minute.")
        return redirect(request, back, text, "problem")
    except ConsentNeeded as needed:
        return to_consents(request, needed, back)
    except DomainError as refused:
        return redirect(request, back, sentence(refused.message), "problem")
    here = f"/portal/payments/{payment.id}"
    return Redirect(payment.url or (f"{here}/pay" if payment.url == PAY_HERE else here), status_code=303)


async def _onwards(request: Req, booking: Booking, start_checkout: StartCheckout) -> Response[Any]:
    here = f"/lessons/{booking.id}"
    if booking.status is Status.REQUESTED:
        return redirect(request, here, _("The Qari has been asked. You pay once the lesson is accepted."))
    if booking.status is Status.CONFIRMED:
        return redirect(request, here, _("The lesson is booked."))
    command = StartCheckoutCommand(payment_id=PaymentId(uuid4()), booking_id=booking.id)
    return await to_checkout(request, command, start_checkout, here)


def _review(
    request: Req,
    wish: Wish,
    found: FreeSlotsFound,
    learners: list[tuple[str, str]],
    refused: DomainError | None = None,
) -> Response[Any]:
    offer = next(offer for offer in found.qari.offers if offer.minutes == found.minutes)
    slots = found.slots
    is_free = refused is None and any(slot.start == wish.start for slot in slots)
    offered = [slot.start for slot in slots if slot.start != wish.start] or (
        [found.next_free.start] if found.next_free else []
    )
    if refused is not None:
        told = [moment_of(start) for start in refused.details.get("next_free", ()) if isinstance(start, str)]
        offered = told or offered
    trial = wish.kind is Kind.TRIAL and offer.trial_price is not None
    by_rule = isinstance(refused, Invalid)
    asks_gender = by_rule and refused is not None and refused.details.get("field") == "gender"
    chosen = str(wish.learner_id) if wish.learner_id is not None else next((key for key, _name in learners), "")
    return page(
        request,
        "student/review.html",
        status_code=200 if refused is None else 409,
        qari=found.qari,
        minutes=found.minutes,
        start=wish.start,
        end=wish.start + timedelta(minutes=found.minutes),
        price=offer.trial_price if trial else offer.price,
        regular=offer.price,
        trial_price=offer.trial_price,
        kind=wish.kind.value,
        note=wish.note,
        key=wish.key if asks_gender or refused is None else uuid4().hex,
        asks=found.qari.booking_mode is BookingMode.REQUEST,
        asks_gender=asks_gender,
        bookable=is_free or asks_gender,
        learners=learners,
        learner=chosen,
        by_rule=by_rule,
        refusal=sentence(refused.message) if refused is not None else None,
        others=[] if by_rule else [(start, wish.address(start)) for start in offered[:OTHER_TIMES]],
        back=address(f"/qaris/{wish.qari_id}", minutes=wish.minutes),
        weekly=address(
            "/portal/book/weekly",
            qari=wish.qari_id,
            minutes=wish.minutes,
            start=stamp(wish.start),
            learner=chosen,
        ),
        as_trial=address(
            "/portal/book",
            qari=wish.qari_id,
            minutes=wish.minutes,
            start=stamp(wish.start),
            kind=Kind.TRIAL.value,
            learner=chosen,
        ),
        as_regular=address("/portal/book", qari=wish.qari_id, minutes=wish.minutes, start=stamp(wish.start)),
    )
