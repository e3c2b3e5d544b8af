"""Messages and calendar feeds."""

from typing import Any
from uuid import UUID

from dependency_injector import containers, providers

from adapters.http.bounce_webhook import BounceSecrets
from adapters.languages.text import translator
from adapters.messaging.calendar import CalendarWriter
from adapters.messaging.email.bounces import BounceMail
from adapters.messaging.email.composer import EmailComposer
from adapters.messaging.email.maildir import MaildirMailbox, folder_of_academy
from adapters.messaging.push.words import PushWords
from adapters.persistence.notification.queries import SqlNotificationQueries
from application.notification.bounces import MailAgain, SeeDeadAddress, TakeBounce
from application.notification.feeds import OpenFeed, ReadFeed, RevokeFeed, ShowFeed
from application.notification.first_steps import SeeFirstSteps, SendFirstSteps
from application.notification.mailbox import ListMailbox, ReadMail
from application.notification.notes import ReadNotes, SeeNotes
from application.notification.notice import NoticeBuilder
from application.notification.notify import NotifyOnEvent
from application.notification.preferences import SeePreferences, SetPreferences, Unsubscribe, UnsubscribeLinks
from application.notification.push import AddBrowser, ListBrowsers, RemoveBrowser
from application.notification.remind import SendReminders
from application.notification.send import SendDeliveries
from application.notification.subscriptions import NOTIFY
from application.scheduling.tend_classes import TendClasses
from domain.ids import UserId
from entrypoints.container.mail import mail_sender, return_paths, smtp_line
from entrypoints.container.push import push_gateway, push_sender, senders_of
from entrypoints.settings import Settings
from ports.notification.queries import Person

SCHOOL = UserId(UUID(int=0))
"""Nobody's account: the school itself, as the reader of copies."""


def school_of(settings: Settings) -> Person | None:
    """Who gets copies; None where nobody wants them."""
    if not settings.admin_copy_email:
        return None
    return Person(
        user_id=SCHOOL,
        name=settings.school_name,
        email=settings.admin_copy_email,
        zone=settings.school_zone,
        locale=settings.school_locale,
    )


class NotificationContainer(containers.DeclarativeContainer):
    settings: providers.Dependency[Settings] = providers.Dependency()
    new_unit: providers.Dependency[Any] = providers.Dependency()
    clock: providers.Dependency[Any] = providers.Dependency()
    engine: providers.Dependency[Any] = providers.Dependency()
    wakeup: providers.Dependency[Any] = providers.Dependency()
    mint_verification: providers.Dependency[Any] = providers.Dependency()
    academy_url: providers.Dependency[Any] = providers.Dependency()
    academy_name: providers.Dependency[Any] = providers.Dependency()
    see_reckoning: providers.Dependency[Any] = providers.Dependency()
    budget: providers.Dependency[Any] = providers.Dependency()
    troubles: providers.Dependency[Any] = providers.Dependency()
    public_client: providers.Dependency[Any] = providers.Dependency()
    whatsapp_sender: providers.Dependency[Any] = providers.Dependency()
    academies: providers.Dependency[Any] = providers.Dependency()
    cipher: providers.Dependency[Any] = providers.Dependency()
    new_id: providers.Dependency[Any] = providers.Dependency()
    class_queries: providers.Dependency[Any] = providers.Dependency()
    guardian_queries: providers.Dependency[Any] = providers.Dependency()

    school_reader = providers.Singleton(school_of, settings)
    notification_queries = providers.Singleton(SqlNotificationQueries, engine)
    # Made for each call: names, links and folders are those of the academy at hand.
    calendar_writer = providers.Factory(
        CalendarWriter,
        base_url=academy_url,
        organizer=settings.provided.mail_from,
        school=academy_name,
    )
    mail_composer = providers.Factory(
        EmailComposer,
        calendar_writer,
        base_url=academy_url,
        school=academy_name,
        mail_from=settings.provided.mail_from,
        translations=providers.Object(translator),
    )
    mailbox = providers.Factory(
        MaildirMailbox,
        providers.Callable(folder_of_academy, settings.provided.mailbox),
        sender_name=academy_name,
        sender_address=settings.provided.mail_from,
    )
    smtp = providers.Singleton(smtp_line, settings, budget, troubles)
    return_paths = providers.Singleton(return_paths, settings)
    mail_sender = providers.Factory(mail_sender, smtp, mailbox, return_paths, settings, academy_name)

    notify_on_event = providers.Factory(
        NotifyOnEvent, new_unit, clock, wakeup, providers.Callable(bool, settings.provided.admin_copy_email)
    )
    unsubscribe_links = providers.Singleton(UnsubscribeLinks, settings.provided.secret_key)
    notice_builder = providers.Factory(
        NoticeBuilder, clock, notification_queries, mint_verification, school_reader, unsubscribe_links, see_reckoning
    )
    push_gateway = providers.Singleton(push_gateway, settings, budget, troubles, public_client)
    push_words = providers.Factory(PushWords, school=academy_name, translations=providers.Object(translator))
    push_sender = providers.Factory(push_sender, new_unit, cipher, push_words, push_gateway)
    senders = providers.Callable(senders_of, push=push_sender, whatsapp=whatsapp_sender)
    add_browser = providers.Factory(AddBrowser, new_unit, clock, new_id, cipher, settings.provided.push_hosts)
    list_browsers = providers.Factory(ListBrowsers, new_unit)
    remove_browser = providers.Factory(RemoveBrowser, new_unit)
    send_deliveries = providers.Factory(
        SendDeliveries, new_unit, clock, notice_builder, mail_composer, mail_sender, senders=senders
    )
    send_first_steps = providers.Factory(SendFirstSteps, new_unit, clock, notification_queries, wakeup)
    see_first_steps = providers.Factory(SeeFirstSteps, notification_queries)
    see_preferences = providers.Factory(SeePreferences, new_unit)
    set_preferences = providers.Factory(SetPreferences, new_unit)
    unsubscribe = providers.Factory(Unsubscribe, new_unit, unsubscribe_links)
    see_notes = providers.Factory(SeeNotes, notification_queries)
    read_notes = providers.Factory(ReadNotes, new_unit, clock)
    tend_classes = providers.Factory(TendClasses, new_unit, clock, wakeup)
    send_reminders = providers.Factory(SendReminders, new_unit, clock, notification_queries, wakeup)

    open_feed = providers.Factory(OpenFeed, new_unit, clock)
    revoke_feed = providers.Factory(RevokeFeed, new_unit, clock)
    show_feed = providers.Factory(ShowFeed, new_unit)
    read_feed = providers.Factory(
        ReadFeed, new_unit, clock, notification_queries, calendar_writer, class_queries, guardian_queries
    )
    list_mailbox = providers.Factory(ListMailbox, mailbox)
    read_mail = providers.Factory(ReadMail, mailbox)

    bounce_secrets = providers.Singleton(BounceSecrets, settings.provided.bounce_webhook_secrets)
    bounce_mail = providers.Singleton(BounceMail, return_paths)
    take_bounce = providers.Factory(TakeBounce, new_unit, clock, academies.provided.ids, return_paths.provided.vouches)
    see_dead_address = providers.Factory(SeeDeadAddress, new_unit)
    mail_again = providers.Factory(MailAgain, new_unit)

    handlers = providers.Dict({NOTIFY: notify_on_event})
