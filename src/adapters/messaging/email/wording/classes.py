"""What is said about group classes. (LIVE-13)"""

from adapters.messaging.email.times import clock_text, day_text
from adapters.messaging.email.wording.reader import Content, Reader, day_of, reason_text


def _about(r: Reader, heading: str, *paragraphs: str, when: str = "") -> Content:
    starts = r.facts["starts_at"]
    short = f"{day_text(starts, r.to.zone, r.lang)}, {clock_text(starts, r.to.zone, r.lang)}"
    return Content(
        subject=f"{heading}: {short}",
        heading=heading,
        paragraphs=tuple(paragraph for paragraph in paragraphs if paragraph),
        facts=((r._("Class"), r.facts["title"]), (when or r._("When"), r.when(starts))),
        button=(r._("Open the class"), r.link(f"/classes/{r.facts['class_id']}")),
    )


def class_joined(r: Reader) -> Content:
    text = r._("The live class opens on its page shortly before it begins, each time.")
    return _about(r, r._("A place in a class"), text, when=r._("Next time"))


def class_left(r: Reader) -> Content:
    content = _about(r, r._("A place in a class has ended"), r._("If this is a mistake, ask the school."))
    return Content(
        subject=content.heading,
        heading=content.heading,
        paragraphs=content.paragraphs,
        facts=content.facts[:1],
        button=(r._("Classes"), r.link("/classes")),
    )


def class_cancelled(r: Reader) -> Content:
    text = r._("It is not held any more from then on.")
    return _about(r, r._("A class is cancelled"), text, reason_text(r), when=r._("From"))


def class_time_moved(r: Reader) -> Content:
    was = r._("It was to be held {when}. The other times stay as they are.").format(
        when=r.when(r.facts["was_starts_at"])
    )
    return _about(r, r._("A class has moved"), was)


def class_time_cancelled(r: Reader) -> Content:
    text = r._("It does not take place this time. The other times stay as they are.")
    return _about(r, r._("A class is not held this time"), text, reason_text(r))


def class_time_elsewhere(r: Reader) -> Content:
    text = r._("The service that was to hold this live class does not answer, so it is held on another one.")
    return _about(r, r._("Your live class is held elsewhere"), text)


def class_reminder(r: Reader) -> Content:
    far = r.facts["lead_min"] > 120
    heading = r._("Your class is tomorrow") if far else r._("Your class begins soon")
    if far and day_of(r, r.facts["starts_at"]) == day_of(r, r.notice.at):
        heading = r._("Your class is today")
    return _about(r, heading, r._("The live class opens on its page shortly before it begins."))
