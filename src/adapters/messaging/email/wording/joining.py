"""What is said to those who join: guardians, applicants, and beginners in their first weeks."""

from collections.abc import Callable, Mapping
from typing import Final

from adapters.messaging.email.wording.reader import Content, Reader, reason_text
from domain.identity.permission import Role


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
            reason_text(r),
            r._("You can change your answers and hand it in again."),
        ),
        button=(r._("See my application"), r.link("/onboarding")),
    )


def _role(r: Reader) -> str:
    names = {Role.STUDENT: r._("student"), Role.GUARDIAN: r._("guardian"), Role.QARI: r._("Qari")}
    return names.get(r.facts["role"], str(r.facts["role"]))


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
