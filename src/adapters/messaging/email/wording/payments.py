"""What is said about money: receipts, payments that failed, refunds."""

import msgspec

from adapters.messaging.email.times import day_text
from adapters.messaging.email.wording.reader import Content, Reader, about_lesson
from domain.billing.decline import next_step, plain_words
from domain.money import Money


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
    content = about_lesson(r, r._("Paid too late: you get your money back"), text)
    return msgspec.structs.replace(content, button=(r._("Find another time"), r.link("/qaris")))


def refund_sent(r: Reader) -> Content:
    heading = r._("Refund: {amount}").format(amount=r.money(r.facts["amount"]))
    if r.facts.get("otherwise"):
        text = r._("It could not go back to the card or account you paid with, so the school has paid it another way.")
    else:
        text = r._("It is on its way to the card or account you paid with; banks take up to ten days to show it.")
    return Content(
        subject=heading,
        heading=heading,
        paragraphs=(text,),
        facts=((r._("Payment"), str(r.facts["payment_id"])),),
        button=(r._("See my payments"), r.link("/portal/payments")),
    )


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


def dispute_opened(r: Reader) -> Content:
    heading = r._("A payer disputes a payment: {amount}").format(amount=r.money(r.facts["amount"]))
    text = r._("The payer has asked his bank for the money back. Answer in the payment provider's office, in time.")
    due_by = r.facts.get("due_by")
    return Content(
        subject=heading,
        heading=heading,
        paragraphs=(text,),
        facts=(
            (r._("Payment"), str(r.facts["payment_id"])),
            (r._("Reason"), str(r.facts["reason"])),
            *(((r._("To be answered by"), r.when(due_by)),) if due_by else ()),
        ),
    )
