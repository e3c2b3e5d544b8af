"""Group classes, for programs. (LIVE-13)"""

from datetime import date, datetime, time
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, delete, get, post, put
from litestar.params import FromPath, JSONBody

from adapters.http.given import NamedDependency
from adapters.http.requests import Req
from application.scheduling.class_members import ChangeMembers, MarkAttendance
from application.scheduling.join_class import JoinClass
from application.scheduling.run_class import ChangeOccurrence, EndClass, OpenClass, PlanClass, PlanClassCommand
from application.scheduling.see_classes import ClassView, ListClasses, SeeClass
from domain.identity.permission import Permission
from domain.ids import GroupClassId, OccurrenceId, UserId
from domain.scheduling.group_class import Attendance, GroupClass, Occurrence, OccurrenceStatus, Status
from domain.scheduling.subject import Subject

Reason = Annotated[str, msgspec.Meta(max_length=300)]
Weekday = Annotated[int, msgspec.Meta(ge=0, le=6)]


class ClassIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """``id``: chosen by the caller, a UUID; the same one again is the same class. ``weekdays``: 0 is Monday. ``zone``:
    whose wall clock ``wall`` is, the Qari's where it is left out. ``qari_id``: staff say it.
    """

    id: UUID
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
    subject: Subject
    first_date: date
    wall: Annotated[time, msgspec.Meta(tz=False)]
    weekdays: Annotated[list[Weekday], msgspec.Meta(min_length=1, max_length=7)]
    weeks: Annotated[int, msgspec.Meta(ge=1, le=52)]
    minutes: Annotated[int, msgspec.Meta(ge=10, le=240)]
    capacity: Annotated[int, msgspec.Meta(ge=1, le=200)]
    zone: Annotated[str, msgspec.Meta(max_length=64)] = ""
    qari_id: UUID | None = None


class ClassReasonIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    reason: Reason


class ClassMoveIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    starts_at: Annotated[datetime, msgspec.Meta(tz=True)]


class AttendanceIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """By learner; who is left out stays as he was marked."""

    marks: Annotated[dict[UUID, Attendance], msgspec.Meta(max_length=200)]


class ClassOut(msgspec.Struct, kw_only=True):
    id: UUID
    qari_id: UUID
    title: str
    subject: Subject
    status: Status
    zone: str
    first_date: date
    wall: time
    weekdays: list[int]
    weeks: int
    minutes: int
    capacity: int
    reason: str

    @classmethod
    def of(cls, it: GroupClass) -> "ClassOut":
        return cls(
            id=it.id,
            qari_id=it.qari_id,
            title=it.title,
            subject=it.subject,
            status=it.status,
            zone=it.zone,
            first_date=it.first_date,
            wall=it.wall,
            weekdays=list(it.weekdays),
            weeks=it.weeks,
            minutes=it.minutes,
            capacity=it.capacity,
            reason=it.reason,
        )


class OccurrenceOut(msgspec.Struct, kw_only=True):
    id: UUID
    index: int
    starts_at: datetime
    ends_at: datetime
    status: OccurrenceStatus
    moved: bool
    reason: str

    @classmethod
    def of(cls, it: Occurrence) -> "OccurrenceOut":
        return cls(
            id=it.id,
            index=it.index,
            starts_at=it.slot.start,
            ends_at=it.slot.end,
            status=it.status,
            moved=it.moved,
            reason=it.reason,
        )


class ClassMemberOut(msgspec.Struct, kw_only=True):
    """``marks``: by occurrence."""

    learner_id: UUID
    name: str
    marks: dict[UUID, Attendance]


class ClassDetailOut(msgspec.Struct, kw_only=True):
    """``members``: all of them for its Qari and staff, one's own for everybody else."""

    group_class: ClassOut
    qari_name: str
    taken: int
    occurrences: list[OccurrenceOut]
    members: list[ClassMemberOut]

    @classmethod
    def of(cls, view: ClassView) -> "ClassDetailOut":
        return cls(
            group_class=ClassOut.of(view.it),
            qari_name=view.qari_name,
            taken=view.taken,
            occurrences=[OccurrenceOut.of(each) for each in view.occurrences],
            members=[
                ClassMemberOut(
                    learner_id=each.learner_id,
                    name=each.name,
                    marks={UUID(int=when.int): mark for when, mark in each.marks.items()},
                )
                for each in view.members
            ],
        )


class ClassList(msgspec.Struct):
    items: list[ClassOut]


class ClassEntryOut(msgspec.Struct, kw_only=True):
    """``url`` is personal and secret: open it once, never keep it."""

    url: str
    leads: bool


class ClassController(Controller):
    path = "/api/v1/classes"
    tags = ("classes",)

    @get("/", needs=Permission.SEE_OWN_BOOKINGS, summary="My classes")
    async def listed(self, request: Req, list_classes: NamedDependency[ListClasses]) -> ClassList:
        return ClassList([ClassOut.of(each) for each in await list_classes(request.user)])

    @get("/{class_id:uuid}", needs=Permission.SEE_OWN_BOOKINGS, summary="One class with its times")
    async def show(
        self, request: Req, class_id: FromPath[UUID], see_class: NamedDependency[SeeClass]
    ) -> ClassDetailOut:
        return ClassDetailOut.of(await see_class(request.user, GroupClassId(class_id)))

    @post("/", needs=Permission.TEACH, summary="Plan a class")
    async def plan(self, request: Req, data: JSONBody[ClassIn], plan_class: NamedDependency[PlanClass]) -> ClassOut:
        """A draft: nobody's time is taken before it is opened."""
        command = PlanClassCommand(
            class_id=GroupClassId(data.id),
            title=data.title,
            subject=data.subject,
            first_date=data.first_date,
            wall=data.wall,
            weekdays=tuple(data.weekdays),
            weeks=data.weeks,
            minutes=data.minutes,
            capacity=data.capacity,
            zone=data.zone,
            qari_id=UserId(data.qari_id) if data.qari_id is not None else None,
        )
        return ClassOut.of(await plan_class(request.user, command))

    @post("/{class_id:uuid}/open", needs=Permission.TEACH, status_code=200, summary="Open a class: take all its times")
    async def open(self, request: Req, class_id: FromPath[UUID], open_class: NamedDependency[OpenClass]) -> ClassOut:
        """All of them or none: 409 ``slot_taken`` where the Qari has a lesson or another class."""
        return ClassOut.of(await open_class(request.user, GroupClassId(class_id)))

    @post("/{class_id:uuid}/cancel", needs=Permission.TEACH, status_code=200, summary="Cancel all times to come")
    async def end(
        self,
        request: Req,
        class_id: FromPath[UUID],
        data: JSONBody[ClassReasonIn],
        end_class: NamedDependency[EndClass],
    ) -> ClassOut:
        return ClassOut.of(await end_class(request.user, GroupClassId(class_id), data.reason))

    @put(
        "/{class_id:uuid}/members/{learner_id:uuid}",
        needs=Permission.TEACH,
        status_code=204,
        summary="Give a learner a place",
    )
    async def add(
        self,
        request: Req,
        class_id: FromPath[UUID],
        learner_id: FromPath[UUID],
        change_members: NamedDependency[ChangeMembers],
    ) -> None:
        await change_members.add(request.user, GroupClassId(class_id), UserId(learner_id))

    @delete(
        "/{class_id:uuid}/members/{learner_id:uuid}",
        needs=Permission.TEACH,
        status_code=204,
        summary="Take a learner's place away",
    )
    async def remove(
        self,
        request: Req,
        class_id: FromPath[UUID],
        learner_id: FromPath[UUID],
        change_members: NamedDependency[ChangeMembers],
    ) -> None:
        await change_members.remove(request.user, GroupClassId(class_id), UserId(learner_id))

    @post("/times/{occurrence_id:uuid}/move", needs=Permission.TEACH, status_code=200, summary="Move one time")
    async def move(
        self,
        request: Req,
        occurrence_id: FromPath[UUID],
        data: JSONBody[ClassMoveIn],
        change_occurrence: NamedDependency[ChangeOccurrence],
    ) -> OccurrenceOut:
        return OccurrenceOut.of(await change_occurrence.move(request.user, OccurrenceId(occurrence_id), data.starts_at))

    @post("/times/{occurrence_id:uuid}/cancel", needs=Permission.TEACH, status_code=200, summary="Cancel one time")
    async def cancel(
        self,
        request: Req,
        occurrence_id: FromPath[UUID],
        data: JSONBody[ClassReasonIn],
        change_occurrence: NamedDependency[ChangeOccurrence],
    ) -> OccurrenceOut:
        return OccurrenceOut.of(await change_occurrence.cancel(request.user, OccurrenceId(occurrence_id), data.reason))

    @put("/times/{occurrence_id:uuid}/attendance", needs=Permission.TEACH, status_code=204, summary="Say who was there")
    async def mark(
        self,
        request: Req,
        occurrence_id: FromPath[UUID],
        data: JSONBody[AttendanceIn],
        mark_attendance: NamedDependency[MarkAttendance],
    ) -> None:
        marks = {UserId(learner_id): mark for learner_id, mark in data.marks.items()}
        await mark_attendance(request.user, OccurrenceId(occurrence_id), marks)


class ClassDoorController(Controller):
    path = "/api/v1/classes"
    tags = ("classes",)

    @post("/times/{occurrence_id:uuid}/join", needs=Permission.JOIN_LESSON, status_code=200, summary="Enter the class")
    async def join(
        self, request: Req, occurrence_id: FromPath[UUID], join_class: NamedDependency[JoinClass]
    ) -> ClassEntryOut:
        entry = await join_class(request.user, OccurrenceId(occurrence_id))
        return ClassEntryOut(url=entry.url, leads=entry.leads)


class StaffClassController(Controller):
    path = "/api/v1/classes"
    tags = ("classes",)

    @get("/", needs=Permission.SEE_BOOKINGS, summary="Classes, newest first")
    async def listed(self, request: Req, list_classes: NamedDependency[ListClasses]) -> ClassList:
        return ClassList([ClassOut.of(each) for each in await list_classes(request.user)])

    @get("/{class_id:uuid}", needs=Permission.SEE_BOOKINGS, summary="One class with its times")
    async def show(
        self, request: Req, class_id: FromPath[UUID], see_class: NamedDependency[SeeClass]
    ) -> ClassDetailOut:
        return ClassDetailOut.of(await see_class(request.user, GroupClassId(class_id)))

    @post("/", needs=Permission.CHANGE_ANY_BOOKING, summary="Plan a class")
    async def plan(self, request: Req, data: JSONBody[ClassIn], plan_class: NamedDependency[PlanClass]) -> ClassOut:
        """A draft: nobody's time is taken before it is opened."""
        command = PlanClassCommand(
            class_id=GroupClassId(data.id),
            title=data.title,
            subject=data.subject,
            first_date=data.first_date,
            wall=data.wall,
            weekdays=tuple(data.weekdays),
            weeks=data.weeks,
            minutes=data.minutes,
            capacity=data.capacity,
            zone=data.zone,
            qari_id=UserId(data.qari_id) if data.qari_id is not None else None,
        )
        return ClassOut.of(await plan_class(request.user, command))

    @post(
        "/{class_id:uuid}/open",
        needs=Permission.CHANGE_ANY_BOOKING,
        status_code=200,
        summary="Open a class: take all its times",
    )
    async def open(self, request: Req, class_id: FromPath[UUID], open_class: NamedDependency[OpenClass]) -> ClassOut:
        """All of them or none: 409 ``slot_taken`` where the Qari has a lesson or another class."""
        return ClassOut.of(await open_class(request.user, GroupClassId(class_id)))

    @post(
        "/{class_id:uuid}/cancel",
        needs=Permission.CHANGE_ANY_BOOKING,
        status_code=200,
        summary="Cancel all times to come",
    )
    async def end(
        self,
        request: Req,
        class_id: FromPath[UUID],
        data: JSONBody[ClassReasonIn],
        end_class: NamedDependency[EndClass],
    ) -> ClassOut:
        return ClassOut.of(await end_class(request.user, GroupClassId(class_id), data.reason))

    @put(
        "/{class_id:uuid}/members/{learner_id:uuid}",
        needs=Permission.CHANGE_ANY_BOOKING,
        status_code=204,
        summary="Give a learner a place",
    )
    async def add(
        self,
        request: Req,
        class_id: FromPath[UUID],
        learner_id: FromPath[UUID],
        change_members: NamedDependency[ChangeMembers],
    ) -> None:
        await change_members.add(request.user, GroupClassId(class_id), UserId(learner_id))

    @delete(
        "/{class_id:uuid}/members/{learner_id:uuid}",
        needs=Permission.CHANGE_ANY_BOOKING,
        status_code=204,
        summary="Take a learner's place away",
    )
    async def remove(
        self,
        request: Req,
        class_id: FromPath[UUID],
        learner_id: FromPath[UUID],
        change_members: NamedDependency[ChangeMembers],
    ) -> None:
        await change_members.remove(request.user, GroupClassId(class_id), UserId(learner_id))

    @post(
        "/times/{occurrence_id:uuid}/move",
        needs=Permission.CHANGE_ANY_BOOKING,
        status_code=200,
        summary="Move one time",
    )
    async def move(
        self,
        request: Req,
        occurrence_id: FromPath[UUID],
        data: JSONBody[ClassMoveIn],
        change_occurrence: NamedDependency[ChangeOccurrence],
    ) -> OccurrenceOut:
        return OccurrenceOut.of(await change_occurrence.move(request.user, OccurrenceId(occurrence_id), data.starts_at))

    @post(
        "/times/{occurrence_id:uuid}/cancel",
        needs=Permission.CHANGE_ANY_BOOKING,
        status_code=200,
        summary="Cancel one time",
    )
    async def cancel(
        self,
        request: Req,
        occurrence_id: FromPath[UUID],
        data: JSONBody[ClassReasonIn],
        change_occurrence: NamedDependency[ChangeOccurrence],
    ) -> OccurrenceOut:
        return OccurrenceOut.of(await change_occurrence.cancel(request.user, OccurrenceId(occurrence_id), data.reason))

    @put(
        "/times/{occurrence_id:uuid}/attendance",
        needs=Permission.CHANGE_ANY_BOOKING,
        status_code=204,
        summary="Say who was there",
    )
    async def mark(
        self,
        request: Req,
        occurrence_id: FromPath[UUID],
        data: JSONBody[AttendanceIn],
        mark_attendance: NamedDependency[MarkAttendance],
    ) -> None:
        marks = {UserId(learner_id): mark for learner_id, mark in data.marks.items()}
        await mark_attendance(request.user, OccurrenceId(occurrence_id), marks)


CONTROLLERS_MAIN = (ClassController, ClassDoorController)
CONTROLLERS_ADMIN = (StaffClassController,)
