"""What is said about lessons, from the wish for one to its end."""

import msgspec

from adapters.messaging.email.wording.reader import Content, Reader, about_lesson, day_of, price_row, reason_text, who


def lesson_requested(r: Reader) -> Content:
    text = r._("{name} asks you for a lesson. Please approve or decline it soon.").format(name=r.other.name)
    return about_lesson(r, r._("A lesson is asked for"), text)


def request_sent(r: Reader) -> Content:
    text = r._("We have asked {name}. You will hear from us as soon as there is an answer.").format(name=r.other.name)
    return about_lesson(r, r._("Your request is with the Qari"), text)


def request_approved(r: Reader) -> Content:
    text = r._("{name} agrees. The time is kept for you until {until}; please pay by then.").format(
        name=r.other.name, until=r.when(r.facts["hold_expires_at"])
    )
    content = about_lesson(r, r._("Approved: please pay for your lesson"), text)
    pay = (r._("Pay now"), r.link(f"/lessons/{r.lesson.booking_id}"))
    return msgspec.structs.replace(content, button=pay, facts=(*content.facts, price_row(r)))


def request_declined(r: Reader) -> Content:
    text = r._("{name} cannot take this lesson. Nothing was charged.").format(name=r.other.name)
    reason = reason_text(r)
    content = about_lesson(r, r._("Your request was declined"), text, *([reason] if reason else []))
    return msgspec.structs.replace(content, button=(r._("Find another time"), r.link("/qaris")))


def request_expired(r: Reader) -> Content:
    text = r._("It was not answered or paid in time, so the slot is free again. Nothing was charged.")
    return about_lesson(r, r._("A lesson request has lapsed"), text)


def lesson_confirmed(r: Reader) -> Content:
    lessons = r.notice.lessons
    text = r._("The live class opens on the lesson's page shortly before it begins.")
    if len(lessons) == 1:
        return about_lesson(r, r._("Your lesson is confirmed"), text, starts_at=r.lesson.starts_at)
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
    content = about_lesson(r, r._("Your lesson has moved"), r._("Nothing has to be paid again."))
    was = (r._("Before"), r.when(r.facts["was_starts_at"]))
    return msgspec.structs.replace(content, facts=(*content.facts, was))


def class_moved(r: Reader) -> Content:
    text = r._("The service that was to hold this live class does not answer, so it is held on another one.")
    way = r._("Nothing else changes: the button on the lesson's page leads there. If you are waiting, open it again.")
    return about_lesson(r, r._("Your live class is held elsewhere"), text, way)


def reschedule_proposed(r: Reader) -> Content:
    text = r._("{name} would like to move this lesson to {when}.").format(
        name=who(r), when=r.when(r.facts["proposed_starts_at"])
    )
    answer = r._("Please answer by {when}; without an answer the lesson stays as it is.").format(
        when=r.when(r.facts["answer_by"])
    )
    return about_lesson(r, r._("Another time is proposed"), text, answer)


def reschedule_declined(r: Reader) -> Content:
    return about_lesson(r, r._("The lesson stays as it is"), r._("The proposed time was not agreed on."))


def lesson_cancelled(r: Reader) -> Content:
    paragraphs = [r._("It was cancelled by {name}.").format(name=who(r))]
    if reason := reason_text(r):
        paragraphs.append(reason)
    content = about_lesson(r, r._("Your lesson is cancelled"), *paragraphs)
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
    if far and day_of(r, r.facts["starts_at"]) == day_of(r, r.notice.at):
        heading = r._("Your lesson is today")
    return about_lesson(r, heading, r._("The live class opens on the lesson's page shortly before it begins."))


def qari_absent(r: Reader) -> Content:
    if r.teaches:
        text = r._("It is recorded that you were not there. The learner gets everything back.")
    else:
        text = r._("We are sorry: the Qari was not there. You get back all that you paid.")
    return about_lesson(r, r._("A lesson was missed by the Qari"), text)


def calendar_unread(r: Reader) -> Content:
    heading = r._("A calendar of yours cannot be read")
    label = r.facts["label"] or r._("Your calendar")
    lost = r._("We are not let in any more. Connect it again, or remove it.")
    waits = r._("It has not answered for some time. We go on trying.")
    blind = r._("Until it is read again nobody can book you, as you have asked.")
    known = r._("What we knew of it goes on counting; what is new there does not yet.")
    return Content(
        subject=heading,
        heading=heading,
        paragraphs=(lost if r.facts["lost"] else waits, blind if r.facts["strict"] else known),
        facts=((r._("Calendar"), label),),
        button=(r._("Look at my calendars"), r.link("/qari/calendars")),
    )
