"""The student's side: what comes next, booking, paying."""

from adapters.http.web.student.booking import BookingPageController
from adapters.http.web.student.home import PortalController
from adapters.http.web.student.pay import PayPageController
from adapters.http.web.student.payments import PaymentPageController
from adapters.http.web.student.series import SeriesPageController

CONTROLLERS_MAIN = (
    PortalController,
    BookingPageController,
    SeriesPageController,
    PaymentPageController,
    PayPageController,
)
