"""What the settings are called. A field without a name here is shown by its own, with spaces."""

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from adapters.http.text import _


class Words(msgspec.Struct, frozen=True, kw_only=True):
    title: str
    about: str
    labels: Mapping[str, str] = {}
    hints: Mapping[str, str] = {}
    carried: frozenset[str] = frozenset()
    """Fields that have a way of their own to be changed."""

    def path(self, path: str) -> str:
        """Of a change: ``cancellation.2.notice_min`` is the second row's."""
        places = " ".join(part for part in path.split(".") if part.isdecimal())
        label = self.label(".".join(part for part in path.split(".") if not part.isdecimal()))
        return f"{label} ({places})" if places else label

    def label(self, field: str) -> str:
        return self.labels.get(field) or field.rsplit(".", 1)[-1].replace("_", " ").capitalize()


def words_of(kind: str) -> Words:
    """In the reader's language."""
    found = _WORDS.get(kind)
    if found is None and kind.startswith("consent_"):
        return _consent(kind)
    return found() if found is not None else Words(title=kind.replace("_", " ").capitalize(), about="")


def _safeguarding() -> Words:
    return Words(
        title=_("Children and match"),
        about=_("No way to a lesson leads around these rules, except with a reason that is kept."),
        labels={
            "same_gender": _("Learner and Qari of one gender"),
            "same_gender=off": _("not asked for"),
            "same_gender=minors": _("for minors"),
            "same_gender=all": _("for everybody"),
            "guardian_present": _("A guardian sits beside the child"),
            "majority_years": _("Comes of age at (years)"),
            "clearances": _("What a Qari needs before he is given lessons with children"),
            "clearances=background_check": _("Background check"),
            "clearances=ijazah": _("Ijazah"),
            "clearances=training": _("Training"),
        },
        hints={"guardian_present": _("Whether one did is asked for and kept with the lesson.")},
    )


def _consent(kind: str) -> Words:
    titles = {
        "consent_terms": _("Terms"),
        "consent_conduct": _("Code of conduct"),
        "consent_recording": _("Recording of lessons"),
        "consent_guardian": _("Consent of guardians"),
    }
    return Words(
        title=titles[kind],
        about=_("A new version has to be accepted before the next booking. Empty: nobody is asked."),
        labels={
            "title": _("Title"),
            "body": _("Text"),
            "title_ar": _("Title in Arabic"),
            "body_ar": _("Text in Arabic"),
            "title_ur": _("Title in Urdu"),
            "body_ur": _("Text in Urdu"),
        },
        hints={"body": _("One paragraph a line.")},
    )


def _branding() -> Words:
    return Words(
        title=_("Name and colors"),
        about=_("How the school presents itself on every page."),
        labels={
            "name": _("Name of the school"),
            "color": _("Color of buttons and links on light pages"),
            "dark_color": _("The same on dark pages"),
            "logo": _("Logo"),
        },
        hints={
            "name": _("Empty: the name that the installation has."),
            "color": _("As # and six digits, dark enough to read on paper. Empty: our green."),
            "dark_color": _("As # and six digits, bright enough to read at night. Empty: our green."),
        },
        carried=frozenset({"logo"}),
    )


def _booking() -> Words:
    return Words(
        title=_("Rules for lessons"),
        about=_("Lessons that are booked already keep the rules they were booked under."),
        labels={
            "hold_min": _("A chosen time is held for (minutes)"),
            "request_h": _("A Qari answers a request within (hours)"),
            "approved_hold_h": _("After his yes the time is held for (hours)"),
            "cancellation": _("What comes back when a learner cancels"),
            "cancellation.notice_min": _("Notice of at least (minutes)"),
            "cancellation.refund_percent": _("Comes back (percent)"),
            "reschedule_notice_min": _("A learner moves a lesson alone with notice of (minutes)"),
            "reschedule_moves": _("A lesson may be moved (times)"),
            "proposal_h": _("A proposed time waits for its answer (hours)"),
            "outcome_after_min": _("The outcome may be told after the start (minutes)"),
            "qari_outcome_days": _("A Qari tells the outcome within (days)"),
            "learner_report_h": _("A learner reports an absent Qari within (hours)"),
            "join_before_min": _("The room opens before the lesson (minutes)"),
            "join_after_min": _("The room closes after the lesson (minutes)"),
            "series_max": _("Lessons in one series, at most"),
        },
        hints={"cancellation": _("From long notice down to none: the last row has a notice of 0.")},
    )


def _commission() -> Words:
    return Words(
        title=_("Commission"),
        about=_("The school's share of the price of a lesson. Lessons that are sold already keep theirs."),
        labels={"percent": _("The school keeps (percent)")},
    )


def _payments() -> Words:
    return Words(
        title=_("Where payments go"),
        about=_(
            "The first rule that fits decides; without one it is the installation's first account. Payments that have "
            "begun stay where they are."
        ),
        labels={
            "rules": _("Rules"),
            "rules.country": _("Country of the payer"),
            "rules.currency": _("Currency"),
            "rules.provider": _("Provider"),
            "rules.account": _("Account"),
            "rules.mode": _("Where the card is given"),
            "rules.mode=hosted": _("on the provider's page"),
            "rules.mode=embedded": _("the provider's form in our page"),
            "rules.mode=direct": _("the provider's fields in our form"),
        },
        hints={
            "rules": _(
                "Countries by two letters (IN), currencies by three (INR); empty fits all. Provider and account as "
                "they are configured, for example sandbox and school."
            )
        },
    )


def _security() -> Words:
    return Words(
        title=_("Signing in"),
        about=_("What accounts are protected by. Whoever has no second factor yet sets one up at the next sign-in."),
        labels={"second_factor_roles": _("Roles that sign in with a second factor")},
    )


def _reckoning() -> Words:
    return Words(
        title=_("The moon"),
        about=_(
            "Hijri dates follow the Umm al-Qura calendar; where the moon is sighted they may differ by a day or two."
        ),
        labels={"hijri_offset_days": _("Days later than the calendar (-2 to 2)")},
    )


def _terminology() -> Words:
    return Words(
        title=_("Terms"),
        about=_("What the school calls the parts of memorizing, wherever they are named."),
        labels={
            "pack": _("Words of"),
            "pack=subcontinent": _("Pakistan and India: sabaq, sabqi, manzil"),
            "pack=arab": _("Arab schools: jadid and muraja\u02bfah"),
            "pack=plain": _("plain language"),
            "new": _("New verses"),
            "recent": _("What was learned lately"),
            "old": _("All that was learned before"),
        },
        hints={"new": _("Empty: the word above. Your own word is shown in every language.")},
    )


def _meetings() -> Words:
    return Words(
        title=_("Live classes"),
        about=_("Where classes are held. A lesson keeps the server it had when its door opened."),
        labels={
            "provider": _("Classes are held by"),
            "provider=jitsi": _("Jitsi"),
            "provider=google_meet": _("Google Meet"),
            "provider=zoom": _("Zoom"),
            "server_url": _("Address of the Jitsi server"),
            "tokens": _("It asks for tokens signed by us"),
        },
        hints={
            "provider": _("Where it is not set up, or fails, Jitsi stands in."),
            "server_url": _("Empty: the server of the installation."),
            "tokens": _("Without tokens the unguessable room is all that keeps strangers out."),
        },
    )


def _onboarding() -> Words:
    return Words(
        title=_("Applications"),
        about=_("Who is looked at by a person before lessons open. Qaris always are."),
        labels={
            "review_students": _("A person looks at every student"),
            "review_guardians": _("A person looks at every guardian"),
            "qari_documents": _("Documents that a Qari hands in"),
            "qari_documents=identity": _("Proof of identity"),
            "qari_documents=ijazah": _("Ijazah"),
            "qari_documents=certificate": _("Certificate"),
            "qari_documents=other": _("Something else"),
        },
    )


def _retention() -> Words:
    return Words(
        title=_("How long data is kept"),
        about=_("In days, counted from their end. Payments, the ledger and the audit log are kept as the law wants."),
        labels={
            "sessions": _("Sessions and devices"),
            "links": _("Mailed links"),
            "messages": _("The record of messages"),
            "events": _("What followed from events"),
            "provider_notices": _("What payment providers told us"),
            "identity_notices": _("What another system told us about people"),
            "join_clicks": _("Who entered a class"),
            "lesson_notes": _("Notes that learners wrote for a lesson"),
            "answers": _("Answers to repeated requests"),
            "exports": _("Copies of personal data"),
        },
    )


_WORDS: Final[Mapping[str, Callable[[], Words]]] = {
    "branding": _branding,
    "booking": _booking,
    "commission": _commission,
    "payments": _payments,
    "security": _security,
    "reckoning": _reckoning,
    "terminology": _terminology,
    "safeguarding": _safeguarding,
    "meetings": _meetings,
    "onboarding": _onboarding,
    "retention": _retention,
}
