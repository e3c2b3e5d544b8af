"""One person's application for one role, from the first word to the decision. (ONB-01, ONB-02, ONB-04)"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import msgspec

from domain.errors import Invalid, NotPermitted
from domain.identity.age import age_on, born_on
from domain.identity.permission import Role
from domain.identity.user import SELF_CHOSEN, Onboarding
from domain.ids import ApplicationId, DocumentId, UserId
from domain.machine import Lifecycle
from domain.onboarding.errors import AlreadyClaimed, ApplicationLocked, Incomplete
from domain.onboarding.events import ApplicationApproved, ApplicationRejected, ApplicationSubmitted
from domain.onboarding.forms import ADULT_YEARS, Form, QariForm

LONGEST_REASON: Final = 2000


class Status(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"


TRANSITIONS: Final[Mapping[Status, frozenset[Status]]] = {
    Status.DRAFT: frozenset({Status.SUBMITTED}),
    Status.SUBMITTED: frozenset({Status.APPROVED, Status.REJECTED, Status.DRAFT}),
    Status.REJECTED: frozenset({Status.DRAFT}),
    Status.APPROVED: frozenset(),
}
LIFECYCLE: Final = Lifecycle("application", TRANSITIONS, start=frozenset({Status.DRAFT}))


class SealedId(msgspec.Struct, frozen=True, kw_only=True):
    """A national id at rest: nobody reads more of it than ``tail`` without the key. (ONB-03)"""

    country: str
    tail: str
    sealed: bytes


class Edition(msgspec.Struct, frozen=True, kw_only=True):
    """What was handed in once, as it was, and what became of it. ``outcome`` is the application's status then."""

    application_id: ApplicationId
    edition: int
    form: Form
    national_id: SealedId | None
    document_ids: tuple[DocumentId, ...]
    submitted_at: datetime
    outcome: Status = Status.SUBMITTED
    decided_at: datetime | None = None
    decided_by: UserId | None = None
    reason: str = ""


class Application(msgspec.Struct, frozen=True, kw_only=True):
    """``edition`` counts what was handed in; each of them is kept as it was. ``owner_id``: who of the school works on
    it. ``reason`` is the last decision's, for the applicant to read.
    """

    id: ApplicationId
    user_id: UserId
    role: Role
    form: Form
    national_id: SealedId | None = None
    status: Status = Status.DRAFT
    edition: int = 0
    created_at: datetime
    updated_at: datetime
    submitted_at: datetime | None = None
    owner_id: UserId | None = None
    claimed_at: datetime | None = None
    decided_at: datetime | None = None
    decided_by: UserId | None = None
    reason: str = ""
    version: int = 1

    def __post_init__(self) -> None:
        if self.role not in SELF_CHOSEN:
            raise Invalid("nobody applies for this role", field="role")
        if isinstance(self.form, QariForm) is not (self.role is Role.QARI):
            raise Invalid("this form belongs to another role", field="form")

    @property
    def onboarding(self) -> Onboarding:
        """What the account says of the role."""
        return Onboarding(self.status.value)

    @property
    def editable(self) -> bool:
        return self.status in (Status.DRAFT, Status.REJECTED)

    def write(self, form: Form, *, at: datetime, national_id: SealedId | None = None) -> "Application":
        """The draft as it stands now; a rejected application becomes one again. Without a national id the one that
        is known stays. Raises ApplicationLocked.
        """
        return self.opened(form=form, national_id=national_id or self.national_id, updated_at=at)

    def opened(self, **changes: Any) -> "Application":
        """For every edit by the applicant. Raises ApplicationLocked."""
        if not self.editable:
            raise ApplicationLocked("what was submitted is not edited; take it back first", status=self.status.value)
        return msgspec.structs.replace(self, status=Status.DRAFT, version=self.version + 1, **changes)

    def submit(self, *, lacking: Iterable[str] = (), at: datetime) -> "Application":
        """``lacking``: what else is missing, beside the form (documents, the national id).

        Raises Incomplete, Invalid, IllegalTransition.
        """
        status = LIFECYCLE.step(self.status, Status.SUBMITTED)
        missing = [*self.form.missing(self.role), *lacking]
        if missing:
            raise Incomplete("some answers are missing", missing=missing, field=missing[0])
        self._require_age(at)
        return msgspec.structs.replace(
            self,
            status=status,
            edition=self.edition + 1,
            submitted_at=at,
            updated_at=at,
            owner_id=None,
            claimed_at=None,
            decided_at=None,
            decided_by=None,
            reason="",
            version=self.version + 1,
        )

    def handed_in(self, document_ids: Sequence[DocumentId] = ()) -> Edition:
        """The edition at hand, with what has become of it so far."""
        return Edition(
            application_id=self.id,
            edition=self.edition,
            form=self.form,
            national_id=self.national_id,
            document_ids=tuple(document_ids),
            submitted_at=self.submitted_at or self.updated_at,
            outcome=self.status,
            decided_at=self.decided_at,
            decided_by=self.decided_by,
            reason=self.reason,
        )

    def _require_age(self, at: datetime) -> None:
        if self.form.birth_date is None:
            return
        born = born_on(self.form.birth_date, at)
        if self.role is not Role.STUDENT and age_on(born, at.date()) < ADULT_YEARS:
            raise Invalid("for this role one has to be {years} years old", field="birth_date", years=ADULT_YEARS)

    def take_back(self, *, at: datetime) -> "Application":
        """The applicant wants to change something before it is decided. Raises IllegalTransition."""
        status = LIFECYCLE.step(self.status, Status.DRAFT)
        return msgspec.structs.replace(self, status=status, updated_at=at, version=self.version + 1)

    def claim(self, by: UserId, *, at: datetime, over: bool = False) -> "Application":
        """``over``: take it from a colleague. Raises AlreadyClaimed, ApplicationLocked."""
        self._require_waiting()
        if self.owner_id is not None and self.owner_id != by and not over:
            raise AlreadyClaimed("a colleague works on this application", owner_id=str(self.owner_id))
        return msgspec.structs.replace(self, owner_id=by, claimed_at=at, version=self.version + 1)

    def release(self) -> "Application":
        """Back to everybody. Raises ApplicationLocked."""
        self._require_waiting()
        return msgspec.structs.replace(self, owner_id=None, claimed_at=None, version=self.version + 1)

    def _require_waiting(self) -> None:
        if self.status is not Status.SUBMITTED:
            raise ApplicationLocked("this application does not wait for a decision", status=self.status.value)

    def approve(self, *, by: UserId | None, at: datetime) -> "Application":
        """``by`` None: the rules alone decide. Raises IllegalTransition, NotPermitted for one's own."""
        return self._decided(Status.APPROVED, by=by, at=at, reason="")

    def reject(self, *, by: UserId, reason: str, at: datetime) -> "Application":
        """Raises IllegalTransition, Invalid without a reason, NotPermitted for one's own."""
        reason = reason.strip()
        if not reason or len(reason) > LONGEST_REASON:
            raise Invalid("say why, so that the applicant can put it right", field="reason")
        return self._decided(Status.REJECTED, by=by, at=at, reason=reason)

    def _decided(self, status: Status, *, by: UserId | None, at: datetime, reason: str) -> "Application":
        following = LIFECYCLE.step(self.status, status)
        if by == self.user_id:
            raise NotPermitted("nobody decides on his own application")
        return msgspec.structs.replace(
            self,
            status=following,
            decided_at=at,
            decided_by=by,
            reason=reason,
            owner_id=self.owner_id or by,
            updated_at=at,
            version=self.version + 1,
        )

    def submitted(self, *, at: datetime) -> ApplicationSubmitted:
        return ApplicationSubmitted(
            application_id=self.id, user_id=self.user_id, role=self.role, edition=self.edition, at=at
        )

    def approved(self, *, at: datetime) -> ApplicationApproved:
        return ApplicationApproved(
            application_id=self.id,
            user_id=self.user_id,
            role=self.role,
            edition=self.edition,
            decided_by=self.decided_by,
            at=at,
        )

    def rejected(self, *, at: datetime) -> ApplicationRejected:
        return ApplicationRejected(
            application_id=self.id,
            user_id=self.user_id,
            role=self.role,
            edition=self.edition,
            decided_by=self.decided_by,
            reason=self.reason,
            at=at,
        )
