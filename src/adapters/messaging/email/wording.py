"""What each message says, in English; ``_`` turns it into the reader's language. One function a topic."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from adapters.messaging.email.times import clock_text, day_text, money_text, other_clock, place_text
from domain.billing.decline import next_step, plain_words
from domain.identity.actor import Party
from domain.identity.events import WayIn
from domain.identity.permission import Role
from domain.money import Money
from domain.notification.topic import Topic
from ports.notification.compose import Notice
from ports.notification.queries import Lesson, Person

Translate = Callable[[str], str]


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """``button``: its words and where it leads."""

    subject: str
    heading: str
    paragraphs: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    button: tuple[str, str] | None = None


class Reader:
    """The notice as its reader sees it: the other side's name, his own clock first."""

    def __init__(self, notice: Notice, translate: Translate, base_url: str, school: str) -> None:
        self.notice, self._, self.base, self.school = notice, translate, base_url, school
        self.facts: Mapping[str, Any] = notice.facts
        self.to, self.lang = notice.to, notice.to.locale

    @property
    def lesson(self) -> Lesson:
        return self.notice.lessons[0]

    @property
    def teaches(self) -> bool:
        return bool(self.notice.lessons) and self.to.user_id == self.lesson.qari.user_id

    @property
    def other(self) -> Person:
        return self.lesson.learner if self.teaches else self.lesson.qari

    @property
    def with_whom(self) -> str:
        """The other side's name; both names for the school."""
        if self.notice.to_school:
            return f"{self.lesson.qari.name} / {self.lesson.learner.name}"
        return self.other.name

    def when(self, moment: datetime) -> str:
        """``Tue 3 Mar, 17:00 your time (Europe/London), 21:00 in Karachi``"""
        clock = clock_text(moment, self.to.zone, self.lang)
        own = self._("{day}, {time} your time ({zone})").format(
            day=day_text(moment, self.to.zone, self.lang), time=clock, zone=self.to.zone
        )
        if not self.notice.lessons:
            return own
        there = other_clock(moment, zone=self.to.zone, other=self.other.zone, lang=self.lang)
        if not there:
            return own
        place = place_text(self.other.zone, self.lang)
        return own + self._(", {time} in {place}").format(time=there, place=place)

    def money(self, amount: Money) -> str:
        return money_text(amount, self.lang)

    def link(self, path: str) -> str:
        return f"{self.base}{path}"

    def lesson_link(self) -> tuple[str, str]:
        return self._("Open the lesson"), self.link(f"/lessons/{self.lesson.booking_id}")

    def lesson_facts(self, starts_at: datetime) -> tuple[tuple[str, str], ...]:
        minutes = int((self.lesson.ends_at - self.lesson.starts_at).total_seconds() // 60)
        return (
            (self._("With"), self.with_whom),
            (self._("When"), self.when(starts_at)),
            (self._("Length"), self._("{minutes} minutes").format(minutes=minutes)),
        )


def _about_lesson(r: Reader, heading: str, *paragraphs: str, starts_at: datetime | None = None) -> Content:
    starts = starts_at or r.facts["starts_at"]
    short = f"{day_text(starts, r.to.zone, r.lang)}, {clock_text(starts, r.to.zone, r.lang)}"
    return Content(
        subject=f"{heading}: {short}",
        heading=heading,
        paragraphs=paragraphs,
        facts=r.lesson_facts(starts),
        button=r.lesson_link(),
    )


def verify_email(r: Reader) -> Content:
    heading = r._("Confirm your e-mail address")
    return Content(
        subject=heading,
        heading=heading,
        paragraphs=(
            r._("Assalamu alaikum {name}, please confirm that this address is yours.").format(name=r.to.name),
            r._("If you did not create an account, ignore this message."),
        ),
        button=(r._("Confirm the address"), r.link(f"/verify?token={r.notice.secret}")),
    )


def welcome(r: Reader) -> Content:
    heading = r._("Welcome to {school}").format(school=r.school)
    text = r._("Your address is confirmed. Find a Qari, choose a time that suits you, and begin.")
    return Content(subject=heading, heading=heading, paragraphs=(text,), button=(r._("Find a Qari"), r.link("/qaris")))


def password_reset(r: Reader) -> Content:
    heading = r._("Choose a new password")
    return Content(
        subject=heading,
        heading=heading,
        paragraphs=(
            r._("Somebody, hopefully you, asked for this. The link is good once, for an hour."),
            r._("If it was not you, ignore this message: your password stays as it is."),
        ),
        button=(r._("Choose a password"), r.link(f"/reset?token={r.notice.secret}")),
    )


def password_changed(r: Reader) -> Content:
    heading = r._("Your password was changed")
    return Content(
        subject=heading,
        heading=heading,
        paragraphs=(
            r._("Other devices were signed out."),
            r._("If it was not you, choose a new one now and tell the school."),
        ),
        facts=((r._("When"), r.when(r.facts["at"])),),
        button=(r._("It was not me"), r.link("/forgot")),
    )


def ways_in_changed(r: Reader) -> Content:
    heading = r._("How you sign in was changed")
    changes = {
        WayIn.APP_ON: r._("An authenticator app was turned on."),
        WayIn.APP_OFF: r._("The authenticator app was turned off."),
        WayIn.PASSKEY_ADDED: r._("A passkey was added."),
        WayIn.PASSKEY_REMOVED: r._("A passkey was removed."),
        WayIn.CODES_RENEWED: r._("New recovery codes were made; the old ones are good no more."),
        WayIn.PROVIDER_LINKED: r._("An account at another provider was linked."),
        WayIn.PROVIDER_UNLINKED: r._("An account at another provider was unlinked."),
        WayIn.RESET: r._("The office took your second factors away, as you asked."),
    }
    return Content(
        subject=heading,
        heading=heading,
        paragraphs=(
            changes[WayIn(r.facts["change"])],
            r._("If it was not you, choose a new password now and tell the school."),
        ),
        facts=((r._("When"), r.when(r.facts["at"])),),
        button=(r._("See how I sign in"), r.link("/account/security")),
    )


def confirm_new_email(r: Reader) -> Content:
    heading = r._("Confirm your new e-mail address")
    return Content(
        subject=heading,
        heading=heading,
        paragraphs=(
            r._("From then on you sign in with this address, and messages come here. The link is good for a day."),
            r._("If you did not ask for this, ignore this message."),
        ),
        button=(r._("Use this address"), r.link(f"/account/email/confirm?token={r.notice.secret}")),
    )


def email_changed(r: Reader) -> Content:
    heading = r._("Your e-mail address was changed")
    return Content(
        subject=heading,
        heading=heading,
        paragraphs=(
            r._("From now on messages go to your new address, and this one is no longer used."),
            r._("If it was not you, tell the school at once."),
        ),
        facts=((r._("When"), r.when(r.facts["at"])),),
        button=(r._("Open my account"), r.link("/account/email")),
    )


def invited(r: Reader) -> Content:
    heading = r._("Your account at {school}").format(school=r.school)
    return Content(
        subject=heading,
        heading=heading,
        paragraphs=(
            r._("Assalamu alaikum {name}, an account was made for you.").format(name=r.to.name),
            r._("Choose a password and it is yours. The link is good once, for seven days."),
        ),
        button=(r._("Choose a password"), r.link(f"/reset?token={r.notice.secret}")),
    )


def export_ready(r: Reader) -> Content:
    heading = r._("The copy of your data is ready")
    return Content(
        subject=heading,
        heading=heading,
        paragraphs=(r._("Sign in to fetch it. It can be fetched once, within seven days."),),
        button=(r._("Fetch it"), r.link("/account/privacy")),
    )


def erasure_scheduled(r: Reader) -> Content:
    heading = r._("Your account will be erased")
    return Content(
        subject=heading,
        heading=heading,
        paragraphs=(
            r._("On {when} everything that is not kept by law is removed for good.").format(
                when=r.when(r.facts["due_at"])
            ),
            r._("Until then you can sign in and call it off."),
        ),
        button=(r._("Keep my account"), r.link("/account/privacy")),
    )


def guardian_asked(r: Reader) -> Content:
    heading = r._("You are asked to become a guardian")
    text = r._("Somebody asks you to answer for a child at {school}. Sign in to see for whom, and with which rights.")
    return Content(
        subject=heading,
        heading=heading,
        paragraphs=(text.format(school=r.school), r._("If you do not know of it, decline it there.")),
        button=(r._("See the question"), r.link("/portal/children")),
    )


def guardianship_ended(r: Reader) -> Content:
    heading = r._("A guardianship has ended")
    own = r.to.user_id == r.facts["child_id"]
    if r.facts["at_majority"] and own:
        text = r._("You have come of age: you book, move and cancel your lessons yourself now.")
    elif r.facts["at_majority"]:
        text = r._("Your child has come of age and answers for itself now. Lessons that are booked stay booked.")
    else:
        text = r._("From now on it opens nothing any more: no lessons, no payments, no classes.")
    more: tuple[str, ...] = ()
    if r.facts["at_majority"] and not own:
        more = (r._("If it has no account of its own yet, give it an address, so that it can sign in."),)
    where = "/portal" if own else "/portal/children"
    return Content(
        subject=heading, heading=heading, paragraphs=(text, *more), button=(r._("Look at it"), r.link(where))
    )


def application_received(r: Reader) -> Content:
    heading = r._("We have your application")
    text = r._("Somebody of {school} looks at it now. You will hear from us as soon as it is decided.").format(
        school=r.school
    )
    button = (r._("See my application"), r.link("/onboarding"))
    return Content(subject=heading, heading=heading, paragraphs=(text,), button=button)


def application_waits(r: Reader) -> Content:
    heading = r._("An application waits for a decision")
    text = r._("Somebody has applied as a {role}. It lies in the queue of the office.").format(role=_role(r))
    return Content(subject=heading, heading=heading, paragraphs=(text,))


def application_approved(r: Reader) -> Content:
    heading = r._("Welcome: your application is approved")
    if r.facts["role"] == Role.QARI:
        text = r._("Your weekly hours are in your calendar. Say which lessons you give and at what price, and begin.")
        button = (r._("Set lessons and prices"), r.link("/qari/availability"))
    else:
        text = r._("Everything is open to you now. Find a Qari and choose a time that suits you.")
        button = (r._("Find a Qari"), r.link("/qaris"))
    return Content(subject=heading, heading=heading, paragraphs=(text,), button=button)


def application_rejected(r: Reader) -> Content:
    heading = r._("Your application needs another look")
    return Content(
        subject=heading,
        heading=heading,
        paragraphs=(
            r._("We could not approve it as it is."),
            _reason(r),
            r._("You can change your answers and hand it in again."),
        ),
        button=(r._("See my application"), r.link("/onboarding")),
    )


def _role(r: Reader) -> str:
    names = {Role.STUDENT: r._("student"), Role.GUARDIAN: r._("guardian"), Role.QARI: r._("Qari")}
    return names.get(r.facts["role"], str(r.facts["role"]))


def lesson_requested(r: Reader) -> Content:
    text = r._("{name} asks you for a lesson. Please approve or decline it soon.").format(name=r.other.name)
    return _about_lesson(r, r._("A lesson is asked for"), text)


def request_sent(r: Reader) -> Content:
    text = r._("We have asked {name}. You will hear from us as soon as there is an answer.").format(name=r.other.name)
    return _about_lesson(r, r._("Your request is with the Qari"), text)


def request_approved(r: Reader) -> Content:
    text = r._("{name} agrees. The time is kept for you until {until}; please pay by then.").format(
        name=r.other.name, until=r.when(r.facts["hold_expires_at"])
    )
    content = _about_lesson(r, r._("Approved: please pay for your lesson"), text)
    pay = (r._("Pay now"), r.link(f"/lessons/{r.lesson.booking_id}"))
    return msgspec.structs.replace(content, button=pay, facts=(*content.facts, _price(r)))


def request_declined(r: Reader) -> Content:
    text = r._("{name} cannot take this lesson. Nothing was charged.").format(name=r.other.name)
    reason = _reason(r)
    content = _about_lesson(r, r._("Your request was declined"), text, *([reason] if reason else []))
    return msgspec.structs.replace(content, button=(r._("Find another time"), r.link("/qaris")))


def request_expired(r: Reader) -> Content:
    text = r._("It was not answered or paid in time, so the slot is free again. Nothing was charged.")
    return _about_lesson(r, r._("A lesson request has lapsed"), text)


def lesson_confirmed(r: Reader) -> Content:
    lessons = r.notice.lessons
    text = r._("The live class opens on the lesson's page shortly before it begins.")
    if len(lessons) == 1:
        return _about_lesson(r, r._("Your lesson is confirmed"), text, starts_at=r.lesson.starts_at)
    heading = r._("Your {count} lessons are confirmed").format(count=len(lessons))
    rows = tuple((str(number), r.when(lesson.starts_at)) for number, lesson in enumerate(lessons, 1))
    return Content(
        subject=f"{heading}: {r.with_whom}",
        heading=heading,
        paragraphs=(r._("With {name}.").format(name=r.with_whom), text),
        facts=rows,
        button=(r._("See my lessons"), r.link("/lessons")),
    )


def lesson_rescheduled(r: Reader) -> Content:
    content = _about_lesson(r, r._("Your lesson has moved"), r._("Nothing has to be paid again."))
    was = (r._("Before"), r.when(r.facts["was_starts_at"]))
    return msgspec.structs.replace(content, facts=(*content.facts, was))


def reschedule_proposed(r: Reader) -> Content:
    text = r._("{name} would like to move this lesson to {when}.").format(
        name=_who(r), when=r.when(r.facts["proposed_starts_at"])
    )
    answer = r._("Please answer by {when}; without an answer the lesson stays as it is.").format(
        when=r.when(r.facts["answer_by"])
    )
    return _about_lesson(r, r._("Another time is proposed"), text, answer)


def reschedule_declined(r: Reader) -> Content:
    return _about_lesson(r, r._("The lesson stays as it is"), r._("The proposed time was not agreed on."))


def lesson_cancelled(r: Reader) -> Content:
    paragraphs = [r._("It was cancelled by {name}.").format(name=_who(r))]
    if reason := _reason(r):
        paragraphs.append(reason)
    content = _about_lesson(r, r._("Your lesson is cancelled"), *paragraphs)
    refund, forfeited = r.facts["refund"], r.facts["forfeited"]
    facts = list(content.facts)
    if not r.teaches:
        if refund:
            facts.append((r._("Refund"), r.money(refund)))
        if forfeited:
            facts.append((r._("Not refunded"), r.money(forfeited)))
    return msgspec.structs.replace(content, facts=tuple(facts))


def lesson_reminder(r: Reader) -> Content:
    far = r.facts["lead_min"] > 120
    heading = r._("Your lesson is tomorrow") if far else r._("Your lesson begins soon")
    if far and _day(r, r.facts["starts_at"]) == _day(r, r.notice.at):
        heading = r._("Your lesson is today")
    return _about_lesson(r, heading, r._("The live class opens on the lesson's page shortly before it begins."))


def qari_absent(r: Reader) -> Content:
    if r.teaches:
        text = r._("It is recorded that you were not there. The learner gets everything back.")
    else:
        text = r._("We are sorry: the Qari was not there. You get back all that you paid.")
    return _about_lesson(r, r._("A lesson was missed by the Qari"), text)


def receipt(r: Reader) -> Content:
    amount: Money = r.facts["amount"]
    heading = r._("Receipt: {amount}").format(amount=r.money(amount))
    lines = tuple(
        (f"{lesson.qari.name}, {day_text(lesson.starts_at, r.to.zone, r.lang)}", r.money(lesson.price))
        for lesson in r.notice.lessons
    )
    return Content(
        subject=heading,
        heading=heading,
        paragraphs=(r._("Thank you. We have received your payment."),),
        facts=(
            *lines,
            (r._("Total"), r.money(amount)),
            (r._("Paid on"), r.when(r.facts["at"])),
            (r._("Receipt number"), str(r.facts["payment_id"])),
        ),
        button=(r._("See my payments"), r.link("/portal/payments")),
    )


def payment_failed(r: Reader) -> Content:
    return Content(
        subject=r._("Your payment did not go through"),
        heading=r._("Your payment did not go through"),
        paragraphs=(
            r._(plain_words(r.facts["decline_code"])),
            r._(next_step(r.facts["decline_code"])),
            r._("Nothing was charged, and the time is still kept for you for a short while."),
        ),
        facts=((r._("Amount"), r.money(r.facts["amount"])),),
        button=(r._("Try again"), r.link(f"/lessons/{r.lesson.booking_id}" if r.notice.lessons else "/lessons")),
    )


def paid_too_late(r: Reader) -> Content:
    text = r._("Your payment came after the time had been given away. You get all of it back: {amount}.").format(
        amount=r.money(r.facts["amount"])
    )
    content = _about_lesson(r, r._("Paid too late: you get your money back"), text)
    return msgspec.structs.replace(content, button=(r._("Find another time"), r.link("/qaris")))


def refund_sent(r: Reader) -> Content:
    heading = r._("Refund: {amount}").format(amount=r.money(r.facts["amount"]))
    text = r._("It is on its way to the card or account you paid with; banks take up to ten days to show it.")
    return Content(
        subject=heading,
        heading=heading,
        paragraphs=(text,),
        facts=((r._("Payment"), str(r.facts["payment_id"])),),
        button=(r._("See my payments"), r.link("/portal/payments")),
    )


def first_steps(r: Reader) -> Content:
    """The letters of the first weeks. (NOTI-11)"""
    heading, text, words, path = _STEPS[r.facts["step"]](r)
    return Content(subject=heading, heading=heading, paragraphs=(text,), button=(words, r.link(path)))


def _find_a_qari(r: Reader) -> tuple[str, str, str, str]:
    text = r._("Choose by language, riwayah, price and free time. Every Qari you see has been checked by the school.")
    return r._("How to find your Qari"), text, r._("Find a Qari"), "/qaris"


def _try_a_lesson(r: Reader) -> tuple[str, str, str, str]:
    text = r._("Many Qaris give a short first lesson to get to know each other. It commits you to nothing.")
    return r._("Try a first lesson"), text, r._("Find a Qari"), "/qaris"


def _need_help(r: Reader) -> tuple[str, str, str, str]:
    text = r._("If something keeps you from beginning, answer this message or write to the school; a person reads it.")
    return r._("Can we help you begin?"), text, r._("Find a Qari"), "/qaris"


def _add_a_child(r: Reader) -> tuple[str, str, str, str]:
    text = r._("Add each child with name and date of birth; then you book, pay and follow the lessons for all of them.")
    return r._("Add your children"), text, r._("Open my page"), "/portal"


def _finish_application(r: Reader) -> tuple[str, str, str, str]:
    text = r._(
        "Your application is kept as you left it. Once it is with us, the school answers it in order of arrival."
    )
    return r._("Finish your application"), text, r._("Open my page"), "/qari"


def _set_hours(r: Reader) -> tuple[str, str, str, str]:
    text = r._("Learners see you once you have free hours. You can change them at any time, and take days off.")
    return r._("When do you teach?"), text, r._("Open my page"), "/qari"


_STEPS: Final[Mapping[str, Callable[[Reader], tuple[str, str, str, str]]]] = {
    "find_a_qari": _find_a_qari,
    "try_a_lesson": _try_a_lesson,
    "need_help": _need_help,
    "add_a_child": _add_a_child,
    "finish_application": _finish_application,
    "set_hours": _set_hours,
}


def refund_stuck(r: Reader) -> Content:
    return Content(
        subject=r._("A refund has failed and needs a person"),
        heading=r._("A refund has failed and needs a person"),
        paragraphs=(str(r.facts["cause"]),),
        facts=(
            (r._("Amount"), r.money(r.facts["amount"])),
            (r._("Payment"), str(r.facts["payment_id"])),
            (r._("Refund"), str(r.facts["refund_id"])),
        ),
    )


def _who(r: Reader) -> str:
    names = {Party.LEARNER: r.lesson.learner.name, Party.QARI: r.lesson.qari.name}
    return names.get(r.facts["by"], r.school)


def _reason(r: Reader) -> str:
    reason = str(r.facts.get("reason", "")).strip()
    return r._("Reason: {reason}").format(reason=reason) if reason else ""


def _price(r: Reader) -> tuple[str, str]:
    return r._("Price"), r.money(r.lesson.price)


def _day(r: Reader, moment: datetime) -> str:
    return day_text(moment, r.to.zone, r.lang)


WORDING: Final[Mapping[Topic, Callable[[Reader], Content]]] = {
    Topic.VERIFY_EMAIL: verify_email,
    Topic.WELCOME: welcome,
    Topic.PASSWORD_RESET: password_reset,
    Topic.PASSWORD_CHANGED: password_changed,
    Topic.WAYS_IN_CHANGED: ways_in_changed,
    Topic.CONFIRM_NEW_EMAIL: confirm_new_email,
    Topic.EMAIL_CHANGED: email_changed,
    Topic.INVITED: invited,
    Topic.EXPORT_READY: export_ready,
    Topic.ERASURE_SCHEDULED: erasure_scheduled,
    Topic.GUARDIAN_ASKED: guardian_asked,
    Topic.GUARDIANSHIP_ENDED: guardianship_ended,
    Topic.APPLICATION_RECEIVED: application_received,
    Topic.APPLICATION_WAITS: application_waits,
    Topic.APPLICATION_APPROVED: application_approved,
    Topic.APPLICATION_REJECTED: application_rejected,
    Topic.LESSON_REQUESTED: lesson_requested,
    Topic.REQUEST_SENT: request_sent,
    Topic.REQUEST_APPROVED: request_approved,
    Topic.REQUEST_DECLINED: request_declined,
    Topic.REQUEST_EXPIRED: request_expired,
    Topic.LESSON_CONFIRMED: lesson_confirmed,
    Topic.LESSON_RESCHEDULED: lesson_rescheduled,
    Topic.RESCHEDULE_PROPOSED: reschedule_proposed,
    Topic.RESCHEDULE_DECLINED: reschedule_declined,
    Topic.LESSON_CANCELLED: lesson_cancelled,
    Topic.LESSON_REMINDER: lesson_reminder,
    Topic.QARI_ABSENT: qari_absent,
    Topic.RECEIPT: receipt,
    Topic.PAYMENT_FAILED: payment_failed,
    Topic.PAID_TOO_LATE: paid_too_late,
    Topic.REFUND_SENT: refund_sent,
    Topic.REFUND_STUCK: refund_stuck,
    Topic.FIRST_STEPS: first_steps,
}
