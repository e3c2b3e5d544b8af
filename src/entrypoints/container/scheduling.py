"""Qaris, their calendars and their free slots."""

from typing import Any

from dependency_injector import containers, providers

from adapters.persistence.scheduling.queries import SqlQariDirectory
from adapters.persistence.scheduling.soonest import ForgetChanges
from application.booking.learner_search import LearnerSearch
from application.scheduling.change_calendar import ChangeCalendar
from application.scheduling.connect_calendar import (
    ChangeCalendarConnection,
    ConnectCalendar,
    LeaveForConsent,
    ListCalendars,
)
from application.scheduling.free_slots import FreeSlots
from application.scheduling.list_qaris import ListQaris
from application.scheduling.read_calendars import ReadCalendar, ReadCalendars
from application.scheduling.search_qaris import SearchQaris
from application.scheduling.see_calendar import SeeCalendar
from application.scheduling.set_learner_gender import SetLearnerGender
from application.scheduling.set_limits import SetLimits
from application.scheduling.set_offers import SetOffers
from application.scheduling.set_override import SetOverride
from application.scheduling.set_weekly_rules import SetWeeklyRules
from application.scheduling.take_time_off import AddTimeOff, RemoveTimeOff
from entrypoints.container.google import busy_sources, calendar_consent, qaris_service
from entrypoints.settings import Settings


class SchedulingContainer(containers.DeclarativeContainer):
    new_unit: providers.Dependency[Any] = providers.Dependency()
    clock: providers.Dependency[Any] = providers.Dependency()
    new_id: providers.Dependency[Any] = providers.Dependency()
    engine: providers.Dependency[Any] = providers.Dependency()

    settings: providers.Dependency[Settings] = providers.Dependency()
    cipher: providers.Dependency[Any] = providers.Dependency()
    http_client: providers.Dependency[Any] = providers.Dependency()
    public_client: providers.Dependency[Any] = providers.Dependency()
    budget: providers.Dependency[Any] = providers.Dependency()
    troubles: providers.Dependency[Any] = providers.Dependency()
    tokens: providers.Dependency[Any] = providers.Dependency()

    google_of_qaris = providers.Singleton(qaris_service, settings, http_client, budget, troubles, tokens)
    calendar_consent = providers.Singleton(calendar_consent, settings, google_of_qaris)
    busy_sources = providers.Singleton(busy_sources, settings, google_of_qaris, budget, public_client)
    read_calendar = providers.Singleton(ReadCalendar, new_unit, clock, cipher, busy_sources)
    read_calendars = providers.Singleton(ReadCalendars, new_unit, clock, read_calendar)
    list_calendars = providers.Factory(ListCalendars, new_unit)
    leave_for_consent = providers.Factory(LeaveForConsent, clock, cipher, calendar_consent)
    connect_calendar = providers.Factory(
        ConnectCalendar, new_unit, clock, new_id, cipher, busy_sources, calendar_consent, read_calendar
    )
    change_connection = providers.Factory(
        ChangeCalendarConnection, new_unit, clock, cipher, busy_sources, read_calendar
    )

    qari_directory = providers.Singleton(SqlQariDirectory, engine)
    forget_changes = providers.Singleton(ForgetChanges, engine)
    change_calendar = providers.Singleton(ChangeCalendar, new_unit, clock, qari_directory)

    search_qaris = providers.Singleton(SearchQaris, qari_directory, clock)
    learner_search = providers.Singleton(LearnerSearch, new_unit, clock)
    list_qaris = providers.Singleton(ListQaris, qari_directory)
    free_slots = providers.Singleton(FreeSlots, qari_directory, clock)
    see_calendar = providers.Factory(SeeCalendar, new_unit, clock, qari_directory)
    set_weekly_rules = providers.Factory(SetWeeklyRules, change_calendar)
    set_override = providers.Factory(SetOverride, change_calendar, clock)
    add_time_off = providers.Factory(AddTimeOff, change_calendar, clock, new_id)
    remove_time_off = providers.Factory(RemoveTimeOff, change_calendar)
    set_limits = providers.Factory(SetLimits, change_calendar)
    set_offers = providers.Factory(SetOffers, new_unit)
    set_learner_gender = providers.Factory(SetLearnerGender, new_unit)
