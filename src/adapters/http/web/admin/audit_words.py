"""What the audit log's actions are called. An action without a name here fails a test."""

from collections.abc import Mapping

from adapters.http.text import _


def action_names() -> Mapping[str, str]:
    """In the reader's language."""
    return {
        "billing.explain_finding": _("Wrote down why the books disagree"),
        "billing.refund": _("Gave money back"),
        "billing.retry_refund": _("Had a failed refund tried again"),
        "billing.pay_otherwise": _("Paid a failed refund by other means"),
        "billing.replay_webhook": _("Had a provider's message tried again"),
        "booking.book_for": _("Booked a lesson for somebody"),
        "booking.cancel": _("Cancelled a lesson"),
        "booking.move": _("Moved a lesson"),
        "booking.record_outcome": _("Recorded how a lesson ended"),
        "booking.override_rules": _("Set the rules for a lesson aside"),
        "identity.accept_invite": _("Accepted an invitation"),
        "identity.act_as": _("Put on another hat"),
        "identity.block": _("Blocked an account"),
        "identity.call_off_erasure": _("Called an erasure off"),
        "identity.change_academy": _("Changed an academy"),
        "identity.change_roles": _("Changed roles"),
        "identity.correct_birth_date": _("Corrected a date of birth"),
        "identity.create_academy": _("Founded an academy"),
        "identity.create_admin": _("Made an account for staff"),
        "identity.end_guardianship": _("Ended a guardianship"),
        "identity.erase": _("Erased a person"),
        "identity.factors_reset": _("Took second factors away"),
        "identity.fetch_export": _("Fetched a copy of all data"),
        "identity.impersonate": _("Asked to look through somebody's eyes"),
        "identity.impersonation_begins": _("Began to look through somebody's eyes"),
        "identity.impersonation_ends": _("Stopped looking through somebody's eyes"),
        "identity.invite": _("Invited somebody"),
        "identity.link_guardian": _("Linked a guardian"),
        "identity.passkey_added": _("Added a passkey"),
        "identity.passkey_removed": _("Took a passkey away"),
        "identity.provider_linked": _("Linked a way in"),
        "identity.provider_unlinked": _("Took a way in away"),
        "identity.recovery_codes_renewed": _("Made new recovery codes"),
        "identity.request_export": _("Had a copy of all data made"),
        "identity.reset": _("Chose a new password by a mailed link"),
        "identity.schedule_erasure": _("Scheduled an erasure"),
        "identity.sync": _("Took over what another system says"),
        "identity.totp_off": _("Turned a second factor off"),
        "identity.totp_on": _("Turned a second factor on"),
        "identity.unblock": _("Unblocked an account"),
        "notification.mail_again": _("Let mail be sent to an address again"),
        "onboarding.approve": _("Approved an application"),
        "onboarding.claim": _("Took an application on"),
        "onboarding.read_document": _("Read a document"),
        "onboarding.record_clearance": _("Recorded a clearance"),
        "onboarding.reject": _("Sent an application back"),
        "onboarding.release": _("Gave an application back to the queue"),
        "onboarding.reveal_id": _("Uncovered a national identity number"),
        "onboarding.withdraw_clearance": _("Withdrew a clearance"),
        "oversight.change_settings": _("Changed the settings"),
        "scheduling.plan_class": _("Plan a class"),
        "scheduling.open_class": _("Open the class"),
        "scheduling.cancel_class": _("Cancel all times to come"),
        "scheduling.cancel_class_once": _("Cancel this time"),
        "scheduling.move_class": _("Move this time"),
        "scheduling.add_to_class": _("Add to the class"),
        "scheduling.remove_from_class": _("A place in a class has ended"),
        "scheduling.mark_attendance": _("Attendance"),
        "scheduling.add_meeting_host": _("Added a host of live classes"),
        "scheduling.choose_meeting_provider": _("Chose who holds a Qari's live classes"),
        "scheduling.switch_meeting_host": _("Switched a host of live classes on or off"),
        "oversight.claim": _("Took on what waited"),
        "oversight.export_audit": _("Saved the audit log"),
        "oversight.release": _("Gave back what waited"),
        "oversight.revive_message": _("Had a message sent again"),
        "oversight.revive_task": _("Had a task tried again"),
    }


def subject_names() -> Mapping[str, str]:
    return {
        "academy": _("academy"),
        "application": _("application"),
        "audit": _("audit log"),
        "booking": _("lesson"),
        "clearance": _("clearance"),
        "group_class": _("Class"),
        "meeting_host": _("host of live classes"),
        "message": _("message"),
        "finding": _("finding in the books"),
        "payment": _("payment"),
        "settings": _("settings"),
        "task": _("task"),
        "user": _("person"),
        "webhook": _("provider's message"),
    }


def action_name(action: str) -> str:
    return action_names().get(action) or action.replace(".", ": ").replace("_", " ")


def subject_name(kind: str) -> str:
    if kind.startswith("queue_"):
        return _("something that waits")
    return subject_names().get(kind) or kind.replace("_", " ")
