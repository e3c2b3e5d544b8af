"""What is said about an account: addresses, passwords, ways in, invitations, copies and the end."""

from adapters.messaging.email.wording.reader import Content, Reader
from domain.identity.events import WayIn


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


def mail_returned(r: Reader) -> Content:
    """Told on the pages; by mail only where the address has changed meanwhile."""
    heading = r._("Our mail to your address came back")
    text = r._("Its mail server says that there is no such mailbox. Please check your address.")
    return Content(
        subject=heading,
        heading=heading,
        paragraphs=(text,),
        button=(r._("Check my address"), r.link("/account/email")),
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
