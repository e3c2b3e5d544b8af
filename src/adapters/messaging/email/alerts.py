"""What a person has to look at, as a mail to those who keep the machine. (OPS-09)"""

from collections.abc import Callable, Sequence

from minijinja import Environment

from adapters.languages.alerts import ADVICE, HEADINGS
from adapters.messaging.email.composer import page_source, untranslated
from adapters.messaging.email.times import clock_text, day_text, locale_of
from adapters.messaging.email.wording import Content, Translate
from domain.oversight.alert import Alert, Status
from ports.notification.mail import Mail


class AlertMails:
    """Implements ``ports.oversight.alerts.AlertWords``. ``readers``: addresses. ``lang``, ``zone``: the school's."""

    def __init__(
        self,
        readers: Sequence[str],
        *,
        school: str,
        base_url: str,
        mail_from: str,
        lang: str,
        zone: str,
        translations: Callable[[str], Translate] = lambda lang: untranslated(lang),
    ) -> None:
        self._readers, self._school, self._base = tuple(readers), school, base_url.rstrip("/")
        self._domain, self._lang, self._zone = mail_from.rsplit("@", 1)[-1], lang, zone
        self._translate = translations(lang)
        self._pages = Environment(loader=page_source)

    def mails(self, alert: Alert) -> Sequence[Mail]:
        _ = self._translate
        over = alert.status is Status.OVER
        heading = _(HEADINGS[alert.rule]).format(subject=alert.subject)
        subject = _("Over: {heading}").format(heading=heading) if over else heading
        advice = (
            _("This has mended itself or was mended. Nothing is left to do.") if over else _(ADVICE[alert.rule])
        ).format(number=alert.number)
        content = Content(
            subject=subject,
            heading=subject,
            paragraphs=(advice,),
            facts=((_("Since"), self._moment(alert)),),
            button=(_("Look at the health page"), f"{self._base}/health"),
        )
        context = {
            "lang": self._lang,
            "dir": locale_of(self._lang).text_direction,
            "subject": subject,
            "school": self._school,
            "content": content,
            "footer": _("You get this message because you look after the machines of {school}.").format(
                school=self._school
            ),
            "unsubscribe": None,
        }
        text = self._pages.render_template("message.txt", **context)
        html = self._pages.render_template("message.html", **context)
        part = "over" if over else "begun"
        return [
            Mail(
                message_id=f"alert-{alert.id}-{part}-{number}@{self._domain}",
                to_address=reader,
                to_name="",
                subject=subject,
                text=text,
                html=html,
            )
            for number, reader in enumerate(self._readers)
        ]

    def _moment(self, alert: Alert) -> str:
        day, time = (write(alert.since, self._zone, self._lang) for write in (day_text, clock_text))
        return f"{day} {time} ({self._zone})"
