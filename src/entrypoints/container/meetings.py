"""Live classes."""

from typing import Any

import httpx
from dependency_injector import containers, providers

from adapters.meetings.google_meet import GoogleMeetings
from adapters.meetings.jitsi import JitsiMeetings
from adapters.meetings.registry import Registry
from adapters.outgoing.guard import Trouble
from adapters.outgoing.tokens import Tokens
from application.scheduling.change_meeting import CancelMeeting, MeetingOnConfirmation, MoveMeeting
from application.scheduling.check_access import CheckAccess
from application.scheduling.class_members import ChangeMembers, MarkAttendance
from application.scheduling.create_meeting import CREATE_MEETING, CreateMeeting
from application.scheduling.join_class import JoinClass
from application.scheduling.join_lesson import JoinLesson
from application.scheduling.meeting_hosts import (
    AddMeetingHost,
    ChooseMeetingProvider,
    FindQari,
    SeeMeetingHosts,
    SwitchMeetingHost,
)
from application.scheduling.run_class import ChangeOccurrence, EndClass, OpenClass, PlanClass
from application.scheduling.see_attendance import ReceiveMeetingNotice, SeeAttendance
from application.scheduling.see_classes import FindOccurrence, ListClasses, SeeClass
from application.scheduling.sweep_meetings import SweepMeetings
from application.scheduling.tidy_meetings import TidyMeetings
from entrypoints.container.google import google_checks, google_meetings
from entrypoints.container.zoom import zoom_meetings, zoom_notices
from entrypoints.settings import Settings
from ports.budget import Budget
from ports.scheduling.meetings import MeetingProvider


def jitsi(settings: Settings) -> JitsiMeetings:
    return JitsiMeetings(
        base_url=settings.jitsi_url,
        room_secret=settings.secret_key,
        app_id=settings.jitsi_app_id,
        app_secret=settings.jitsi_secret,
    )


def registry(
    settings: Settings,
    client: httpx.AsyncClient,
    budget: Budget,
    troubles: Trouble,
    tokens: Tokens,
    google: list[GoogleMeetings],
) -> Registry:
    zoom = zoom_meetings(settings, client, budget, troubles, tokens)
    providers: list[MeetingProvider] = [jitsi(settings), *google, *zoom]
    return Registry(providers)


class MeetingsContainer(containers.DeclarativeContainer):
    settings: providers.Dependency[Settings] = providers.Dependency()
    new_unit: providers.Dependency[Any] = providers.Dependency()
    clock: providers.Dependency[Any] = providers.Dependency()
    new_id: providers.Dependency[Any] = providers.Dependency()
    cipher: providers.Dependency[Any] = providers.Dependency()
    http_client: providers.Dependency[Any] = providers.Dependency()
    budget: providers.Dependency[Any] = providers.Dependency()
    troubles: providers.Dependency[Any] = providers.Dependency()
    tokens: providers.Dependency[Any] = providers.Dependency()
    people: providers.Dependency[Any] = providers.Dependency()

    google_classes = providers.Singleton(google_meetings, settings, http_client, budget, troubles, tokens)
    meeting_providers = providers.Singleton(registry, settings, http_client, budget, troubles, tokens, google_classes)
    check_access = providers.Singleton(CheckAccess, providers.Singleton(google_checks, google_classes), troubles)
    meeting_notices = providers.Singleton(zoom_notices, settings)
    receive_meeting_notice = providers.Factory(ReceiveMeetingNotice, new_unit, clock, meeting_notices)
    create_meeting = providers.Factory(CreateMeeting, new_unit, clock, new_id, meeting_providers, cipher)
    cancel_meeting = providers.Factory(CancelMeeting, new_unit, clock, new_id, meeting_providers, cipher)
    move_meeting = providers.Factory(MoveMeeting, new_unit, clock, new_id, meeting_providers, cipher, create_meeting)
    tidy_meetings = providers.Factory(TidyMeetings, new_unit, meeting_providers, cipher)
    meeting_on_confirmation = providers.Factory(MeetingOnConfirmation, create_meeting, cancel_meeting, move_meeting)
    sweep_meetings = providers.Factory(SweepMeetings, new_unit, clock, create_meeting, move_meeting, tidy_meetings)
    see_meeting_hosts = providers.Factory(SeeMeetingHosts, new_unit, clock, meeting_providers, people)
    find_qari = providers.Factory(FindQari, people)
    see_attendance = providers.Factory(SeeAttendance, new_unit, people)
    add_meeting_host = providers.Factory(AddMeetingHost, new_unit, clock, new_id, meeting_providers)
    switch_meeting_host = providers.Factory(SwitchMeetingHost, new_unit)
    choose_meeting_provider = providers.Factory(ChooseMeetingProvider, new_unit, meeting_providers)
    join_lesson = providers.Factory(JoinLesson, new_unit, clock, create_meeting, meeting_providers, cipher)

    join_class = providers.Factory(JoinClass, new_unit, clock, create_meeting, join_lesson)
    plan_class = providers.Factory(PlanClass, new_unit, clock)
    open_class = providers.Factory(OpenClass, new_unit, clock, new_id)
    end_class = providers.Factory(EndClass, new_unit, clock)
    change_occurrence = providers.Factory(ChangeOccurrence, new_unit, clock)
    change_members = providers.Factory(ChangeMembers, new_unit, clock)
    mark_attendance = providers.Factory(MarkAttendance, new_unit, clock)
    list_classes = providers.Factory(ListClasses, new_unit)
    find_occurrence = providers.Factory(FindOccurrence, new_unit)
    see_class = providers.Factory(SeeClass, new_unit, clock)

    handlers = providers.Dict({CREATE_MEETING: meeting_on_confirmation})
