"""The outbox relay, the scheduled jobs' health, and what is stuck."""

from datetime import datetime
from typing import Any

from dependency_injector import containers, providers

from adapters.languages.text import translator
from adapters.messaging.email.alerts import AlertMails
from adapters.persistence.oversight.alerts import SqlAlertLog
from adapters.persistence.oversight.audit_queries import SqlAuditQueries
from adapters.persistence.oversight.jobs import SqlJobBoard
from adapters.persistence.oversight.queries import SqlOversightQueries
from adapters.persistence.oversight.queues import SqlQueues
from adapters.system import DataDisk
from application.outbox.relay import RelayEvents
from application.oversight.alerts import SEEN_BY_DOORS, SEEN_BY_WORKER, DoorRound, WatchOver, WorkerRound
from application.oversight.audit import ExportAudit, SearchAudit, VerifyAudit
from application.oversight.back_up import BackUp
from application.oversight.branding import SeeBrand, SeeLogo, SetLogo
from application.oversight.health import ShowHealth
from application.oversight.heavy_work import HeavyWork
from application.oversight.jobs import ListDeadTasks, ReviveDelivery, ReviveTask, ShowJobHealth
from application.oversight.people import (
    NamePeople,
    SearchPeople,
    SeeChildrensLessons,
    SeePerson,
    SeePersonDevices,
    SeePersonLessons,
    SeePersonPayments,
    SeePersonTies,
)
from application.oversight.queues import ClaimItem, CountQueues, ListQueue, ReleaseItem
from application.oversight.see_alerts import SeeAlerts
from application.oversight.see_reckoning import SeeReckoning, SeeTerminology
from application.oversight.settings import ChangeSettings, ListSettings, RevertSettings, SeeSettings, SettingsHistory
from entrypoints.backups import keeper_of
from entrypoints.settings import Settings
from ports.clock import Clock


def alert_mails(settings: Settings) -> AlertMails:
    readers = settings.alert_emails or ((settings.admin_copy_email,) if settings.admin_copy_email else ())
    return AlertMails(
        readers,
        school=settings.school_name,
        base_url=settings.admin_url,
        mail_from=settings.mail_from,
        lang=settings.school_locale,
        zone=settings.school_zone,
        translations=translator,
    )


def _now(clock: Clock) -> datetime:
    return clock.now()


class OversightContainer(containers.DeclarativeContainer):
    """``subscribers``: name -> handler, over all contexts."""

    settings: providers.Dependency[Settings] = providers.Dependency()
    settings_checks: providers.Dependency[Any] = providers.Dependency()
    new_unit: providers.Dependency[Any] = providers.Dependency()
    clock: providers.Dependency[Any] = providers.Dependency()
    engine: providers.Dependency[Any] = providers.Dependency()
    cache: providers.Dependency[Any] = providers.Dependency()
    wakeup: providers.Dependency[Any] = providers.Dependency()
    subscribers: providers.Dependency[Any] = providers.Dependency()
    people: providers.Dependency[Any] = providers.Dependency()
    device_queries: providers.Dependency[Any] = providers.Dependency()
    guardian_queries: providers.Dependency[Any] = providers.Dependency()
    throttle: providers.Dependency[Any] = providers.Dependency()
    booking_queries: providers.Dependency[Any] = providers.Dependency()
    payment_queries: providers.Dependency[Any] = providers.Dependency()
    trouble_log: providers.Dependency[Any] = providers.Dependency()
    new_id: providers.Dependency[Any] = providers.Dependency()
    mail_sender: providers.Dependency[Any] = providers.Dependency()

    job_board = providers.Singleton(SqlJobBoard, engine)
    oversight_queries = providers.Singleton(SqlOversightQueries, engine)
    relay_events = providers.Factory(RelayEvents, new_unit, clock, subscribers)
    show_job_health = providers.Factory(ShowJobHealth, clock, job_board, oversight_queries)
    list_dead_tasks = providers.Factory(ListDeadTasks, oversight_queries)
    revive_task = providers.Factory(ReviveTask, new_unit, clock, wakeup)
    revive_delivery = providers.Factory(ReviveDelivery, new_unit, clock, wakeup)

    heavy_work = providers.Singleton(HeavyWork, settings.provided.heavy_at_once)
    audit_queries = providers.Singleton(SqlAuditQueries, engine)
    search_audit = providers.Factory(SearchAudit, audit_queries, heavy_work)
    export_audit = providers.Factory(ExportAudit, new_unit, audit_queries, heavy_work)
    verify_audit = providers.Factory(VerifyAudit, audit_queries)

    list_settings = providers.Factory(ListSettings, new_unit, clock)
    see_settings = providers.Factory(SeeSettings, new_unit, clock)
    settings_history = providers.Factory(SettingsHistory, new_unit, people)
    change_settings = providers.Factory(ChangeSettings, new_unit, clock, settings_checks)
    revert_settings = providers.Factory(RevertSettings, new_unit, clock, settings_checks)

    see_brand = providers.Singleton(SeeBrand, new_unit, clock)
    see_reckoning = providers.Singleton(SeeReckoning, new_unit, clock)
    see_terminology = providers.Singleton(SeeTerminology, new_unit, clock)
    see_logo = providers.Factory(SeeLogo, new_unit, see_brand)
    set_logo = providers.Factory(SetLogo, new_unit, clock)

    search_people = providers.Factory(SearchPeople, people)
    see_person = providers.Factory(SeePerson, new_unit)
    see_person_devices = providers.Factory(SeePersonDevices, device_queries, clock)
    see_person_ties = providers.Factory(SeePersonTies, new_unit, guardian_queries)
    see_person_lessons = providers.Factory(SeePersonLessons, booking_queries, clock)
    see_childrens_lessons = providers.Factory(SeeChildrensLessons, booking_queries, clock)
    see_person_payments = providers.Factory(SeePersonPayments, payment_queries)
    name_people = providers.Factory(NamePeople, people)

    queue_queries = providers.Singleton(SqlQueues, engine)
    count_queues = providers.Singleton(CountQueues, queue_queries, clock, cache)
    list_queue = providers.Factory(ListQueue, queue_queries, clock)
    claim_item = providers.Factory(ClaimItem, new_unit, clock, queue_queries)
    release_item = providers.Factory(ReleaseItem, new_unit)

    alert_log = providers.Singleton(SqlAlertLog, engine)
    disk = providers.Singleton(DataDisk, settings.provided.data)
    backups = providers.Singleton(keeper_of, settings)
    back_up = providers.Factory(BackUp, clock, backups, settings.provided.school_zone)
    show_health = providers.Factory(
        ShowHealth, clock, job_board, oversight_queries, disk, backups, trouble_log.provided.standing
    )
    see_alerts = providers.Factory(SeeAlerts, alert_log)
    alert_words = providers.Singleton(alert_mails, settings)
    watch_over = providers.Factory(
        WatchOver,
        clock,
        new_id,
        alert_log,
        providers.Factory(WorkerRound, alert_log, job_board, disk, backups, trouble_log.provided.standing, throttle),
        alert_words,
        mail_sender,
        SEEN_BY_WORKER,
    )
    door_round = providers.Singleton(DoorRound, job_board, providers.Callable(_now, clock))
    watch_worker = providers.Factory(
        WatchOver, clock, new_id, alert_log, door_round, alert_words, mail_sender, SEEN_BY_DOORS
    )
