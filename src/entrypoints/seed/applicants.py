"""People who have applied and wait, were sent back, or are still writing: what the queue of the demo school shows."""

from datetime import date, datetime, timedelta
from typing import Final

import msgspec

from domain.identity.permission import Role
from domain.identity.user import User
from domain.ids import ApplicationId, UserId
from domain.onboarding.application import Application, SealedId
from domain.onboarding.forms import Form, LearnerForm, QariForm, Qualification
from domain.onboarding.national_id import national_id
from domain.scheduling.calendar import WallRange, WeeklyRule
from domain.scheduling.qari import Gender, Riwayah
from entrypoints.seed.people import Ids, People
from ports.cipher import Cipher

_EVENINGS: Final = tuple(WeeklyRule(day, WallRange.of("17:00", "21:30")) for day in (0, 1, 2, 3, 5))
_MORNINGS: Final = tuple(WeeklyRule(day, WallRange.of("06:30", "11:00")) for day in (0, 2, 4, 6))


class Applicant(msgspec.Struct, frozen=True):
    user: User
    application: Application


def applicants(ids: Ids, now: datetime, people: People, cipher: Cipher) -> list[Applicant]:
    """They share the password of all demo accounts."""
    desk = _Desk(ids, now, people.staff[0].password_hash, cipher)
    lead = next(user.id for user in people.staff if Role.TEACHING_LEAD in user.roles)
    waiting = [
        desk.applied(_qari("Hafiz Bilal Chaudhry", "Asia/Karachi", "PK", ("ur", "pa", "en"), _EVENINGS), 75),
        desk.applied(_qari("Ustadha Khadija El Amrani", "Africa/Casablanca", "MA", ("ar", "fr"), _MORNINGS), 30),
        desk.applied(_qari("Tariq Osman", "Africa/Khartoum", "SD", ("ar", "en"), _EVENINGS), 4),
    ]
    first = waiting[0]
    taken = msgspec.structs.replace(first, application=first.application.claim(lead, at=now - timedelta(hours=20)))
    back = desk.applied(_qari("Idris Bello", "Africa/Lagos", "NG", ("ha", "en"), _MORNINGS), 140)
    reason = "Please tell us from whom you have your ijazah, and attach a scan of it."
    rejected = back.application.reject(by=lead, reason=reason, at=now - timedelta(hours=90))
    writing = desk.writing("Sara Lindqvist", LearnerForm(name="Sara Lindqvist", zone="Europe/Stockholm", language="en"))
    return [taken, *waiting[1:], _followed(msgspec.structs.replace(back, application=rejected)), writing]


def _followed(applicant: Applicant) -> Applicant:
    """The account says how far the application is."""
    far = {applicant.application.role: applicant.application.onboarding}
    return msgspec.structs.replace(applicant, user=msgspec.structs.replace(applicant.user, onboarding=far))


def _qari(name: str, zone: str, country: str, languages: tuple[str, ...], rules: tuple[WeeklyRule, ...]) -> QariForm:
    return QariForm(
        name=name,
        birth_date=date(1988, 4, 12),
        gender=Gender.FEMALE if name.startswith("Ustadha") else Gender.MALE,
        country=country,
        zone=zone,
        languages=languages,
        riwayat=(Riwayah.WARSH,) if country == "MA" else (Riwayah.HAFS,),
        qualifications=(Qualification(title="Ijazah with a connected chain", year=2014),),
        years_taught=7,
        bio="Teaches children and adults, slowly at first, and hears every page twice.",
        rules=rules,
    )


class _Desk:
    def __init__(self, ids: Ids, now: datetime, password_hash: str, cipher: Cipher) -> None:
        self._ids, self._now, self._hash, self._cipher = ids, now, password_hash, cipher

    def applied(self, form: QariForm, hours_ago: int) -> Applicant:
        at = self._now - timedelta(hours=hours_ago)
        number = "35202-1234567-1" if form.country == "PK" else f"{form.country}4471209"
        known = national_id(form.country, number)
        sealed = SealedId(country=known.country, tail=known.tail, sealed=self._cipher.seal(known.number))
        begun = self.writing(form.name, form, Role.QARI, at - timedelta(hours=2))
        application = begun.application.write(form, at=at, national_id=sealed).submit(at=at)
        return _followed(msgspec.structs.replace(begun, application=application))

    def writing(self, name: str, form: Form, role: Role = Role.STUDENT, at: datetime | None = None) -> Applicant:
        at = at or self._now - timedelta(hours=6)
        user = User(
            id=UserId(self._ids(at)),
            email=f"{name.lower().replace(' ', '.')}@demo.example",
            name=name,
            password_hash=self._hash,
            roles=frozenset({role}),
            zone=form.zone,
            email_verified_at=at,
            created_at=at,
        )
        application = Application(
            id=ApplicationId(self._ids(at)), user_id=user.id, role=role, form=form, created_at=at, updated_at=at
        )
        return _followed(Applicant(user, application))
