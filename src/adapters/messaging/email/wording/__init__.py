"""What each message says, in English; ``_`` turns it into the reader's language. One function a topic."""

from collections.abc import Callable, Mapping
from typing import Final

from adapters.messaging.email.wording import account, classes, joining, lessons, payments
from adapters.messaging.email.wording.reader import Content, Reader, Translate
from domain.notification.topic import Topic

__all__ = ["WORDING", "Content", "Reader", "Translate"]

WORDING: Final[Mapping[Topic, Callable[[Reader], Content]]] = {
    Topic.VERIFY_EMAIL: account.verify_email,
    Topic.WELCOME: account.welcome,
    Topic.PASSWORD_RESET: account.password_reset,
    Topic.PASSWORD_CHANGED: account.password_changed,
    Topic.WAYS_IN_CHANGED: account.ways_in_changed,
    Topic.CONFIRM_NEW_EMAIL: account.confirm_new_email,
    Topic.EMAIL_CHANGED: account.email_changed,
    Topic.INVITED: account.invited,
    Topic.MAIL_RETURNED: account.mail_returned,
    Topic.EXPORT_READY: account.export_ready,
    Topic.ERASURE_SCHEDULED: account.erasure_scheduled,
    Topic.GUARDIAN_ASKED: joining.guardian_asked,
    Topic.GUARDIANSHIP_ENDED: joining.guardianship_ended,
    Topic.CALENDAR_UNREAD: lessons.calendar_unread,
    Topic.CLASS_JOINED: classes.class_joined,
    Topic.CLASS_LEFT: classes.class_left,
    Topic.CLASS_CANCELLED: classes.class_cancelled,
    Topic.CLASS_TIME_MOVED: classes.class_time_moved,
    Topic.CLASS_TIME_CANCELLED: classes.class_time_cancelled,
    Topic.CLASS_TIME_ELSEWHERE: classes.class_time_elsewhere,
    Topic.CLASS_REMINDER: classes.class_reminder,
    Topic.APPLICATION_RECEIVED: joining.application_received,
    Topic.APPLICATION_WAITS: joining.application_waits,
    Topic.APPLICATION_APPROVED: joining.application_approved,
    Topic.APPLICATION_REJECTED: joining.application_rejected,
    Topic.LESSON_REQUESTED: lessons.lesson_requested,
    Topic.REQUEST_SENT: lessons.request_sent,
    Topic.REQUEST_APPROVED: lessons.request_approved,
    Topic.REQUEST_DECLINED: lessons.request_declined,
    Topic.REQUEST_EXPIRED: lessons.request_expired,
    Topic.LESSON_CONFIRMED: lessons.lesson_confirmed,
    Topic.LESSON_RESCHEDULED: lessons.lesson_rescheduled,
    Topic.CLASS_MOVED: lessons.class_moved,
    Topic.RESCHEDULE_PROPOSED: lessons.reschedule_proposed,
    Topic.RESCHEDULE_DECLINED: lessons.reschedule_declined,
    Topic.LESSON_CANCELLED: lessons.lesson_cancelled,
    Topic.LESSON_REMINDER: lessons.lesson_reminder,
    Topic.QARI_ABSENT: lessons.qari_absent,
    Topic.RECEIPT: payments.receipt,
    Topic.PAYMENT_FAILED: payments.payment_failed,
    Topic.PAID_TOO_LATE: payments.paid_too_late,
    Topic.REFUND_SENT: payments.refund_sent,
    Topic.REFUND_STUCK: payments.refund_stuck,
    Topic.DISPUTE_OPENED: payments.dispute_opened,
    Topic.FIRST_STEPS: joining.first_steps,
}
