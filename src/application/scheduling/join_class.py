"""The door of a group class: for its members and its Qari, while a lesson's door would be open. (LIVE-13)"""

from datetime import datetime

from application.booking.places import current_policy
from application.booking.presence import GuardianAbsent
from application.booking.rules import learner_is_minor, require_consents, safeguarding
from application.scheduling.class_rules import Standing, standing_in
from application.scheduling.create_meeting import CreateMeeting
from application.scheduling.join_lesson import Door, Entry, JoinLesson
from domain.booking.errors import OutsideJoinWindow
from domain.errors import IllegalTransition, NotFound, NotPermitted
from domain.identity.actor import Actor, Party
from domain.identity.guardianship import Right
from domain.identity.permission import Permission
from domain.ids import OccurrenceId
from domain.scheduling.group_class import Occurrence
from domain.scheduling.meeting import Click, Status
from domain.scheduling.meeting_server import MEETINGS, read_meeting_server
from ports.clock import Clock
from ports.scheduling.meetings import Participant
from ports.unit_of_work import NewUnit, UnitOfWork


class JoinClass:
    """Raises NotFound, NotPermitted, OutsideJoinWindow, IllegalTransition, GuardianAbsent, ConsentNeeded,
    ClassNotReady, GatewayError. A guardian within his rights enters beside the child.
    """

    def __init__(self, new_unit: NewUnit, clock: Clock, create_meeting: CreateMeeting, join_lesson: JoinLesson) -> None:
        self._new_unit, self._clock = new_unit, clock
        self._create_meeting, self._join_lesson = create_meeting, join_lesson

    async def __call__(self, actor: Actor, occurrence_id: OccurrenceId) -> Entry:
        actor.require(Permission.JOIN_LESSON)
        now = self._clock.now()
        async with self._new_unit() as unit:
            occurrence = await unit.classes.occurrence(occurrence_id)
            if occurrence is None:
                raise NotFound("there is no such class")
            it = await unit.classes.get(occurrence.class_id)
            members = await unit.classes.members(it.id)
            standing = await standing_in(unit, actor, it, members, now, Right.JOIN)
            if standing.party is Party.STAFF:
                raise NotPermitted("a class is for its learners and its Qari")
            if not occurrence.stands:
                raise IllegalTransition("class occurrence", occurrence.status, "joined")
            policy = (await current_policy(unit, now)).policy
            window = occurrence.slot.padded(policy.join_before_min, policy.join_after_min)
            if not window.contains(now):
                raise OutsideJoinWindow(
                    "the door is open from shortly before the lesson until shortly after it",
                    opens_at=window.start.isoformat(),
                    closes_at=window.end.isoformat(),
                )
            leads = standing.party is Party.QARI
            if leads:
                await require_consents(unit, actor.user_id, (), now)
            else:
                await _require_guardian_first(unit, occurrence, actor, standing, now)
            person = await unit.users.get(actor.user_id)
            meeting = await unit.meetings.find(occurrence.lesson_id)
            server = read_meeting_server(await unit.policies.current(MEETINGS, window.start))
        if meeting is None or meeting.status is not Status.READY:
            meeting = await self._create_meeting(occurrence.lesson_id)
        who = Participant(user_id=actor.user_id, name=person.name, leads=leads)
        url = await self._join_lesson.opened(meeting, Door(who=who, server=server, window=window))
        async with self._new_unit() as unit:
            await unit.meetings.record_click(Click(booking_id=occurrence.lesson_id, user_id=actor.user_id, at=now))
            await unit.commit()
        return Entry(url=url, leads=leads)


async def _require_guardian_first(
    unit: UnitOfWork, occurrence: Occurrence, actor: Actor, standing: Standing, now: datetime
) -> None:
    """Where the school wants a guardian beside a child, as in a lesson. (SAFE-03)"""
    if actor.user_id not in standing.learners or not (await safeguarding(unit, now)).guardian_present:
        return
    if not await learner_is_minor(unit, actor.user_id, now):
        return
    guardians = {each.guardian_id for each in await unit.guardianships.of_child(actor.user_id)}
    if not any(click.user_id in guardians for click in await unit.meetings.clicks(occurrence.lesson_id)):
        raise GuardianAbsent("your guardian has to enter the class first")
