"""Live classes."""

from typing import Any

from dependency_injector import containers, providers

from adapters.meetings.jitsi import JitsiMeetings
from application.scheduling.create_meeting import CREATE_MEETING, CancelMeeting, CreateMeeting, MeetingOnConfirmation
from application.scheduling.join_lesson import JoinLesson
from application.scheduling.sweep_meetings import SweepMeetings
from entrypoints.settings import Settings


def jitsi(settings: Settings) -> JitsiMeetings:
    return JitsiMeetings(
        base_url=settings.jitsi_url,
        room_secret=settings.secret_key,
        app_id=settings.jitsi_app_id,
        app_secret=settings.jitsi_secret,
    )


class MeetingsContainer(containers.DeclarativeContainer):
    settings: providers.Dependency[Settings] = providers.Dependency()
    new_unit: providers.Dependency[Any] = providers.Dependency()
    clock: providers.Dependency[Any] = providers.Dependency()
    new_id: providers.Dependency[Any] = providers.Dependency()
    cipher: providers.Dependency[Any] = providers.Dependency()

    meeting_provider = providers.Singleton(jitsi, settings)
    create_meeting = providers.Factory(CreateMeeting, new_unit, clock, new_id, meeting_provider, cipher)
    cancel_meeting = providers.Factory(CancelMeeting, new_unit, meeting_provider, cipher)
    meeting_on_confirmation = providers.Factory(MeetingOnConfirmation, create_meeting, cancel_meeting)
    sweep_meetings = providers.Factory(SweepMeetings, new_unit, clock, create_meeting)
    join_lesson = providers.Factory(JoinLesson, new_unit, clock, create_meeting, meeting_provider, cipher)

    handlers = providers.Dict({CREATE_MEETING: meeting_on_confirmation})
