"""The office: what staff see, and what those who may can change. Support sees all of it and changes nothing."""

from adapters.http.web.admin.academies import AdminAcademiesController
from adapters.http.web.admin.alerts import AdminAlertsController
from adapters.http.web.admin.applications import AdminApplicationsController
from adapters.http.web.admin.audit import AdminAuditController
from adapters.http.web.admin.bookings import AdminBookingsController
from adapters.http.web.admin.clearances import AdminClearancesController
from adapters.http.web.admin.health import AdminHealthController
from adapters.http.web.admin.jobs import AdminJobsController
from adapters.http.web.admin.mailbox import AdminMailboxController
from adapters.http.web.admin.meeting_hosts import AdminMeetingHostsController
from adapters.http.web.admin.money import AdminMoneyController
from adapters.http.web.admin.office import AdminOfficeController
from adapters.http.web.admin.people import AdminPeopleController
from adapters.http.web.admin.person_actions import AdminPersonActionsController
from adapters.http.web.admin.person_family import AdminPersonFamilyController
from adapters.http.web.admin.queues import AdminQueuesController
from adapters.http.web.admin.settings import AdminSettingsController
from adapters.http.web.admin.today import AdminTodayController
from adapters.http.web.admin.webhooks import AdminWebhooksController

CONTROLLERS_ADMIN = (
    AdminTodayController,
    AdminPeopleController,
    AdminPersonActionsController,
    AdminPersonFamilyController,
    AdminApplicationsController,
    AdminBookingsController,
    AdminClearancesController,
    AdminMoneyController,
    AdminWebhooksController,
    AdminMailboxController,
    AdminJobsController,
    AdminOfficeController,
    AdminQueuesController,
    AdminHealthController,
    AdminAlertsController,
    AdminSettingsController,
    AdminMeetingHostsController,
    AdminAuditController,
    AdminAcademiesController,
)
