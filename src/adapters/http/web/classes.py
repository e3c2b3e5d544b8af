"""Group classes: their Qari runs them, their learners find the way in, the office does what a Qari does. (LIVE-13)"""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Controller, Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from adapters.http.flash import redirect
from adapters.http.formatting import shown
from adapters.http.given import NamedDependency
from adapters.http.requests import Req, viewer_of
from adapters.http.templating import page
from adapters.http.text import N_, _
from adapters.http.web.consents import to_consents
from adapters.http.web.forms import fields_of, told
from adapters.http.web.qari_availability import day_text
from adapters.http.words import subject_name, subject_options
from application.oversight.people import SearchPeople
from application.scheduling.class_members import ChangeMembers, MarkAttendance
from application.scheduling.join_class import JoinClass
from application.scheduling.run_class import ChangeOccurrence, EndClass, OpenClass, PlanClass, PlanClassCommand
from application.scheduling.see_classes import ClassView, FindOccurrence, ListClasses, SeeClass, may_change
from domain.booking.policy import BookingPolicy
from domain.errors import Conflict, DomainError, Invalid, NotFound, NotPermitted
from domain.identity.permission import Permission, Role
from domain.ids import GroupClassId, OccurrenceId, UserId
from domain.onboarding.consent import ConsentNeeded
from domain.scheduling.group_class import Attendance, Status
from domain.scheduling.subject import Subject
from domain.time import instant
from ports.clock import Clock, NewId
from ports.errors import GatewayError

HERE: Final = "/classes"
USUAL: Final = BookingPolicy()
STATUS_WORDS: Final[Mapping[Status, tuple[str, str, str]]] = {
    Status.DRAFT: (N_("Draft"), "heed", "clock"),
    Status.OPEN: (N_("Enrolling"), "good", "check"),
    Status.RUNNING: (N_("Running"), "good", "video"),
    Status.ENDED: (N_("Ended"), "", "check"),
    Status.CANCELLED: (N_("Cancelled"), "loss", "alert"),
}
ATTENDANCE_WORDS: Final[Mapping[Attendance, str]] = {
    Attendance.PRESENT: N_("Present"),
    Attendance.LATE: N_("Late"),
    Attendance.ABSENT: N_("Absent"),
    Attendance.EXCUSED: N_("Excused"),
}
FIELDS: Final = ("qari_id", "title", "subject", "first_date", "wall", "minutes", "weeks", "capacity")
DENIED: Final = (Invalid, Conflict, NotFound, NotPermitted)


def _words(request: Req) -> dict[str, Any]:
    lang = viewer_of(request).locale
    return {
        "badges": {status.value: (_(words), tone, shape) for status, (words, tone, shape) in STATUS_WORDS.items()},
        "subject_name": subject_name,
        "subjects": subject_options(),
        "weekday_names": [day_text(day, "EEEE", request) for day in range(7)],
        "wall": lambda wall: shown(wall.strftime("%H:%M"), lang),
        "lang": lang,
    }


async def _list(
    request: Req,
    list_classes: ListClasses,
    new_id: NewId,
    *,
    qaris: list[list[str]] | None = None,
    sought: str = "",
    typed: Mapping[str, str] | None = None,
    wrong: str = "",
) -> Response[Any]:
    actor = request.user
    return page(
        request,
        "classes/list.html",
        status_code=422 if wrong else 200,
        classes=await list_classes(actor),
        plans=actor.may(Permission.CHANGE_ANY_BOOKING if actor.is_staff else Permission.TEACH),
        qaris=qaris or [],
        sought=sought,
        typed=dict.fromkeys(FIELDS, "") | dict(typed or {}),
        wrong=wrong,
        new_id=(typed or {}).get("class_id") or new_id(),
        **_words(request),
    )


async def _show(
    request: Req,
    view: ClassView,
    now: datetime,
    *,
    found: list[list[str]] | None = None,
    sought: str = "",
) -> Response[Any]:
    zone = ZoneInfo(view.it.zone)
    rows = []
    for each in view.occurrences:
        window = each.slot.padded(USUAL.join_before_min, USUAL.join_after_min)
        said = [(member.name, member.marks.get(each.id)) for member in view.members]
        rows.append(
            {
                "it": each,
                "door": each.stands and window.contains(now),
                "ahead": each.slot.start > now,
                "local": each.slot.start.astimezone(zone).strftime("%Y-%m-%dT%H:%M"),
                "marks": [{"name": name, "words": _(ATTENDANCE_WORDS[mark])} for name, mark in said if mark],
            }
        )
    office = request.user.is_staff
    return page(
        request,
        "classes/class.html",
        view=view,
        it=view.it,
        rows=rows,
        changes=may_change(view, request.user),
        office=office,
        found=found if office else [[str(user_id), name] for user_id, name in view.known],
        sought=sought,
        attendance=[[mark.value, _(words)] for mark, words in ATTENDANCE_WORDS.items()],
        **_words(request),
    )


async def _plan(request: Req, plan_class: PlanClass, list_classes: ListClasses, new_id: NewId) -> Response[Any]:
    fields = await fields_of(request)
    try:
        planned = await plan_class(request.user, _command(fields))
    except DENIED as error:
        name = fields.get("qari_id", "")
        qaris = [[name, _("The Qari you chose")]] if name and request.user.is_staff else None
        return await _list(request, list_classes, new_id, qaris=qaris, typed=fields, wrong=told(error))
    return redirect(request, f"{HERE}/{planned.id}", _("The draft is saved."))


def _command(fields: Mapping[str, str]) -> PlanClassCommand:
    """Raises Invalid."""
    try:
        return PlanClassCommand(
            class_id=GroupClassId(UUID(fields.get("class_id", ""))),
            title=fields.get("title", ""),
            subject=Subject(fields.get("subject", "")),
            first_date=date.fromisoformat(fields.get("first_date", "")),
            wall=time.fromisoformat(fields.get("wall", "")).replace(tzinfo=None),
            weekdays=tuple(day for day in range(7) if fields.get(f"day{day}")),
            weeks=int(fields.get("weeks", "")),
            minutes=int(fields.get("minutes", "")),
            capacity=int(fields.get("capacity", "")),
            qari_id=UserId(UUID(fields["qari_id"])) if fields.get("qari_id") else None,
        )
    except ValueError:
        raise Invalid("please fill in all of the form", field="title") from None


async def _open(request: Req, class_id: UUID, open_class: OpenClass) -> Response[Any]:
    here = f"{HERE}/{class_id}"
    try:
        await open_class(request.user, GroupClassId(class_id))
    except ConsentNeeded as needed:
        return to_consents(request, needed, here)
    except (Invalid, Conflict) as error:
        return redirect(request, here, told(error), "problem")
    return redirect(request, here, _("The class is open. Its times are kept."))


async def _end(request: Req, class_id: UUID, end_class: EndClass) -> Response[Any]:
    here = f"{HERE}/{class_id}"
    try:
        await end_class(request.user, GroupClassId(class_id), (await fields_of(request)).get("reason", ""))
    except (Invalid, Conflict) as error:
        return redirect(request, here, told(error), "problem")
    return redirect(request, here, _("The class is cancelled. Its learners are told."))


async def _member(request: Req, class_id: UUID, change_members: ChangeMembers, *, add: bool) -> Response[Any]:
    here = f"{HERE}/{class_id}#learners"
    try:
        learner_id = UserId(UUID((await fields_of(request)).get("learner_id", "")))
        change = change_members.add if add else change_members.remove
        await change(request.user, GroupClassId(class_id), learner_id)
    except ValueError:
        return redirect(request, here, _("Choose a learner."), "problem")
    except DENIED as error:
        return redirect(request, here, told(error), "problem")
    return redirect(request, here, _("Added to the class.") if add else _("Removed from the class."))


async def _move(request: Req, occurrence_id: UUID, change: ChangeOccurrence, find: FindOccurrence) -> Response[Any]:
    fields = await fields_of(request)
    found = await find(OccurrenceId(occurrence_id))
    here = f"{HERE}/{found.class_id}"
    try:
        local = datetime.fromisoformat(fields.get("starts_at", ""))
        starts_at = instant(local.date(), local.time().replace(tzinfo=None), found.zone)
        await change.move(request.user, OccurrenceId(occurrence_id), starts_at)
    except ValueError:
        return redirect(request, here, _("Choose a day and a time."), "problem")
    except (Invalid, Conflict) as error:
        return redirect(request, here, told(error), "problem")
    return redirect(request, here, _("Moved. The learners are told."))


async def _cancel(request: Req, occurrence_id: UUID, change: ChangeOccurrence, find: FindOccurrence) -> Response[Any]:
    fields, found = await fields_of(request), await find(OccurrenceId(occurrence_id))
    here = f"{HERE}/{found.class_id}"
    try:
        await change.cancel(request.user, OccurrenceId(occurrence_id), fields.get("reason", ""))
    except (Invalid, Conflict) as error:
        return redirect(request, here, told(error), "problem")
    return redirect(request, here, _("Cancelled this time. The learners are told."))


async def _mark(request: Req, occurrence_id: UUID, mark: MarkAttendance, find: FindOccurrence) -> Response[Any]:
    fields, found = await fields_of(request), await find(OccurrenceId(occurrence_id))
    here = f"{HERE}/{found.class_id}"
    try:
        marks = {UserId(UUID(name[1:])): Attendance(word) for name, word in fields.items() if name[:1] == "m" and word}
        await mark(request.user, OccurrenceId(occurrence_id), marks)
    except ValueError:
        return redirect(request, here, _("Choose from the list."), "problem")
    except (Invalid, Conflict) as error:
        return redirect(request, here, told(error), "problem")
    return redirect(request, here, _("Saved."))


class ClassesController(Controller):
    path = HERE
    include_in_schema = False

    @get("/", needs=Permission.SEE_OWN_BOOKINGS)
    async def mine(
        self, request: Req, list_classes: NamedDependency[ListClasses], new_id: NamedDependency[NewId]
    ) -> Response[Any]:
        return await _list(request, list_classes, new_id)

    @get("/{class_id:uuid}", needs=Permission.SEE_OWN_BOOKINGS)
    async def show(
        self,
        request: Req,
        class_id: FromPath[UUID],
        see_class: NamedDependency[SeeClass],
        clock: NamedDependency[Clock],
    ) -> Response[Any]:
        return await _show(request, await see_class(request.user, GroupClassId(class_id)), clock.now())

    @get("/times/{occurrence_id:uuid}/join", needs=Permission.JOIN_LESSON, acts=True)
    async def join(
        self,
        request: Req,
        occurrence_id: FromPath[UUID],
        join_class: NamedDependency[JoinClass],
        find_occurrence: NamedDependency[FindOccurrence],
    ) -> Response[Any]:
        """Straight into the class; the address is personal and shown nowhere."""
        try:
            entry = await join_class(request.user, OccurrenceId(occurrence_id))
        except ConsentNeeded as needed:
            return to_consents(request, needed, HERE)
        except NotFound:
            raise
        except DomainError as refused:
            here = f"{HERE}/{(await find_occurrence(OccurrenceId(occurrence_id))).class_id}"
            return redirect(request, here, told(refused), "notice")
        except GatewayError:
            here = f"{HERE}/{(await find_occurrence(OccurrenceId(occurrence_id))).class_id}"
            return redirect(request, here, _("The class service does not answer. Try again in a moment."), "problem")
        return Redirect(
            entry.url, status_code=303, headers={"cache-control": "no-store", "referrer-policy": "no-referrer"}
        )

    @post("/", needs=Permission.TEACH, status_code=303)
    async def plan(
        self,
        request: Req,
        plan_class: NamedDependency[PlanClass],
        list_classes: NamedDependency[ListClasses],
        new_id: NamedDependency[NewId],
    ) -> Response[Any]:
        return await _plan(request, plan_class, list_classes, new_id)

    @post("/{class_id:uuid}/open", needs=Permission.TEACH, status_code=303)
    async def open(
        self, request: Req, class_id: FromPath[UUID], open_class: NamedDependency[OpenClass]
    ) -> Response[Any]:
        return await _open(request, class_id, open_class)

    @post("/{class_id:uuid}/cancel", needs=Permission.TEACH, status_code=303)
    async def end(self, request: Req, class_id: FromPath[UUID], end_class: NamedDependency[EndClass]) -> Response[Any]:
        return await _end(request, class_id, end_class)

    @post("/{class_id:uuid}/members", needs=Permission.TEACH, status_code=303)
    async def add(
        self, request: Req, class_id: FromPath[UUID], change_members: NamedDependency[ChangeMembers]
    ) -> Response[Any]:
        return await _member(request, class_id, change_members, add=True)

    @post("/{class_id:uuid}/members/remove", needs=Permission.TEACH, status_code=303)
    async def remove(
        self, request: Req, class_id: FromPath[UUID], change_members: NamedDependency[ChangeMembers]
    ) -> Response[Any]:
        return await _member(request, class_id, change_members, add=False)

    @post("/times/{occurrence_id:uuid}/move", needs=Permission.TEACH, status_code=303)
    async def move(
        self,
        request: Req,
        occurrence_id: FromPath[UUID],
        change_occurrence: NamedDependency[ChangeOccurrence],
        find_occurrence: NamedDependency[FindOccurrence],
    ) -> Response[Any]:
        return await _move(request, occurrence_id, change_occurrence, find_occurrence)

    @post("/times/{occurrence_id:uuid}/cancel", needs=Permission.TEACH, status_code=303)
    async def cancel(
        self,
        request: Req,
        occurrence_id: FromPath[UUID],
        change_occurrence: NamedDependency[ChangeOccurrence],
        find_occurrence: NamedDependency[FindOccurrence],
    ) -> Response[Any]:
        return await _cancel(request, occurrence_id, change_occurrence, find_occurrence)

    @post("/times/{occurrence_id:uuid}/attendance", needs=Permission.TEACH, status_code=303)
    async def mark(
        self,
        request: Req,
        occurrence_id: FromPath[UUID],
        mark_attendance: NamedDependency[MarkAttendance],
        find_occurrence: NamedDependency[FindOccurrence],
    ) -> Response[Any]:
        return await _mark(request, occurrence_id, mark_attendance, find_occurrence)


class AdminClassesController(Controller):
    path = HERE
    include_in_schema = False

    @get("/", needs=Permission.SEE_BOOKINGS)
    async def every(
        self,
        request: Req,
        list_classes: NamedDependency[ListClasses],
        search_people: NamedDependency[SearchPeople],
        new_id: NamedDependency[NewId],
        qari: FromQuery[str] = "",
    ) -> Response[Any]:
        found = (await search_people(request.user, qari, role=Role.QARI, limit=20)).items if qari else []
        qaris = [[str(person.user_id), person.name] for person in found]
        return await _list(request, list_classes, new_id, qaris=qaris, sought=qari)

    @get("/{class_id:uuid}", needs=Permission.SEE_BOOKINGS)
    async def show(
        self,
        request: Req,
        class_id: FromPath[UUID],
        see_class: NamedDependency[SeeClass],
        search_people: NamedDependency[SearchPeople],
        clock: NamedDependency[Clock],
        learner: FromQuery[str] = "",
    ) -> Response[Any]:
        view = await see_class(request.user, GroupClassId(class_id))
        people = (await search_people(request.user, learner, role=Role.STUDENT, limit=20)).items if learner else []
        found = [[str(person.user_id), person.name] for person in people]
        return await _show(request, view, clock.now(), found=found, sought=learner)

    @post("/", needs=Permission.CHANGE_ANY_BOOKING, status_code=303)
    async def plan(
        self,
        request: Req,
        plan_class: NamedDependency[PlanClass],
        list_classes: NamedDependency[ListClasses],
        new_id: NamedDependency[NewId],
    ) -> Response[Any]:
        return await _plan(request, plan_class, list_classes, new_id)

    @post("/{class_id:uuid}/open", needs=Permission.CHANGE_ANY_BOOKING, status_code=303)
    async def open(
        self, request: Req, class_id: FromPath[UUID], open_class: NamedDependency[OpenClass]
    ) -> Response[Any]:
        return await _open(request, class_id, open_class)

    @post("/{class_id:uuid}/cancel", needs=Permission.CHANGE_ANY_BOOKING, status_code=303)
    async def end(self, request: Req, class_id: FromPath[UUID], end_class: NamedDependency[EndClass]) -> Response[Any]:
        return await _end(request, class_id, end_class)

    @post("/{class_id:uuid}/members", needs=Permission.CHANGE_ANY_BOOKING, status_code=303)
    async def add(
        self, request: Req, class_id: FromPath[UUID], change_members: NamedDependency[ChangeMembers]
    ) -> Response[Any]:
        return await _member(request, class_id, change_members, add=True)

    @post("/{class_id:uuid}/members/remove", needs=Permission.CHANGE_ANY_BOOKING, status_code=303)
    async def remove(
        self, request: Req, class_id: FromPath[UUID], change_members: NamedDependency[ChangeMembers]
    ) -> Response[Any]:
        return await _member(request, class_id, change_members, add=False)

    @post("/times/{occurrence_id:uuid}/move", needs=Permission.CHANGE_ANY_BOOKING, status_code=303)
    async def move(
        self,
        request: Req,
        occurrence_id: FromPath[UUID],
        change_occurrence: NamedDependency[ChangeOccurrence],
        find_occurrence: NamedDependency[FindOccurrence],
    ) -> Response[Any]:
        return await _move(request, occurrence_id, change_occurrence, find_occurrence)

    @post("/times/{occurrence_id:uuid}/cancel", needs=Permission.CHANGE_ANY_BOOKING, status_code=303)
    async def cancel(
        self,
        request: Req,
        occurrence_id: FromPath[UUID],
        change_occurrence: NamedDependency[ChangeOccurrence],
        find_occurrence: NamedDependency[FindOccurrence],
    ) -> Response[Any]:
        return await _cancel(request, occurrence_id, change_occurrence, find_occurrence)

    @post("/times/{occurrence_id:uuid}/attendance", needs=Permission.CHANGE_ANY_BOOKING, status_code=303)
    async def mark(
        self,
        request: Req,
        occurrence_id: FromPath[UUID],
        mark_attendance: NamedDependency[MarkAttendance],
        find_occurrence: NamedDependency[FindOccurrence],
    ) -> Response[Any]:
        return await _mark(request, occurrence_id, mark_attendance, find_occurrence)


CONTROLLERS_MAIN = (ClassesController,)
CONTROLLERS_ADMIN = (AdminClassesController,)
