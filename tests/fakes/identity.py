"""Accounts, sessions and links in memory. A unit works on a copy and publishes it on commit."""

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from domain.errors import NotFound, StaleWrite
from domain.events import Event
from domain.identity.permission import Audience, Role, acting_role
from domain.identity.session import (
    SEEN_EVERY,
    STRONG,
    Ending,
    Session,
    Token,
    TokenKind,
    Verification,
    VerificationPurpose,
)
from domain.identity.user import AccountStatus, EmailTaken, User, same_address
from domain.ids import SessionId, UserId
from fakes.unit import MemoryStore, MemoryUnit
from ports.identity.queries import DeviceView, PersonView, SignedIn
from ports.paging import Page, decode_cursor, page_of
from ports.unit_of_work import NewUnit

GOOD_PASSWORD = "a quiet reading room"


def a_user(**given: Any) -> User:
    number = given.pop("number", 1)
    fields: dict[str, Any] = {
        "id": UserId(UUID(int=0x7000_0000_0000_0000 + number)),
        "email": f"maryam{number}@example.org",
        "name": "Maryam Khan",
        "password_hash": f"hash of {GOOD_PASSWORD}",
        "roles": frozenset({Role.STUDENT}),
        "zone": "Asia/Karachi",
        "created_at": datetime(2026, 1, 1, 9, number, tzinfo=UTC),
    }
    return User(**(fields | given))


class Shelves:
    """Where the repositories below keep their things."""

    users: dict[UserId, User]
    sessions: dict[SessionId, Session]
    tokens: dict[bytes, Token]
    verifications: dict[bytes, Verification]


def _shelf(name: str) -> Any:
    def get(store: "IdentityStore") -> Any:
        return store.shelf(name)

    def put(store: "IdentityStore", things: Any) -> None:
        store.shelves[name] = things

    return property(get, put)


class IdentityStore(MemoryStore, Shelves):
    """A store that accounts can be put into and looked up in by name."""

    users = _shelf("users")
    sessions = _shelf("sessions")
    tokens = _shelf("session_tokens")
    verifications = _shelf("verifications")

    @property
    def outbox(self) -> list[Event]:
        return self.events


class MemoryUsers:
    def __init__(self, store: Shelves) -> None:
        self._store = store

    async def get(self, user_id: UserId) -> User:
        if user_id not in self._store.users:
            raise NotFound("there is no such account")
        return self._store.users[user_id]

    async def by_email(self, email: str) -> User | None:
        wanted = same_address(email)
        if not wanted:
            return None
        return next((user for user in self._store.users.values() if same_address(user.email) == wanted), None)

    async def add(self, user: User) -> None:
        if user.email and await self.by_email(user.email) is not None:
            raise EmailTaken("there is an account with this address already", field="email")
        self._store.users[user.id] = user

    async def holders(self, role: Role) -> Sequence[UserId]:
        return [user.id for user in self._store.users.values() if role in user.roles and user.may_sign_in]

    async def save(self, user: User) -> None:
        stored = self._store.users.get(user.id)
        if stored is None or stored.version != user.version - 1:
            raise StaleWrite("this account has changed in between")
        self._store.users[user.id] = user


class MemorySessions:
    def __init__(self, store: Shelves) -> None:
        self._store = store

    async def add(self, session: Session, tokens: Sequence[Token]) -> None:
        self._store.sessions[session.id] = session
        self._keep(tokens)

    async def get(self, session_id: SessionId) -> Session:
        if session_id not in self._store.sessions:
            raise NotFound("there is no such session")
        return self._store.sessions[session_id]

    async def by_token(self, token_hash: bytes) -> tuple[Session, Token]:
        if token_hash not in self._store.tokens:
            raise NotFound("there is no such session")
        token = self._store.tokens[token_hash]
        return await self.get(token.session_id), token

    async def save(self, session: Session) -> None:
        self._store.sessions[session.id] = session

    async def rotate(self, used: Token, tokens: Sequence[Token]) -> None:
        self._store.tokens[used.hash] = used
        self._keep(tokens)

    def _keep(self, tokens: Sequence[Token]) -> None:
        for token in tokens:
            self._store.tokens.setdefault(token.hash, token)

    async def end_all(self, user_id: UserId, *, because: Ending, at: datetime, but: SessionId | None = None) -> int:
        ended = [
            session.end(because, at=at)
            for session in self._store.sessions.values()
            if session.user_id == user_id and session.ended_at is None and session.id != but
        ]
        self._store.sessions.update({session.id: session for session in ended})
        return len(ended)

    async def end_weak(self, roles: Collection[Role], audience: Audience, *, at: datetime) -> Sequence[UserId]:
        weak = [
            session.end(Ending.WEAK, at=at)
            for session in self._store.sessions.values()
            if session.audience is audience
            and session.is_open(at)
            and session.impersonator is None
            and not STRONG & set(session.factors)
            and set(roles) & self._store.users[session.user_id].roles
        ]
        self._store.sessions.update({session.id: session for session in weak})
        return sorted({session.user_id for session in weak})

    async def looked_through(self, *, until: datetime, limit: int) -> Sequence[Session]:
        over = [
            session
            for session in self._store.sessions.values()
            if session.impersonator is not None and session.ended_at is None and session.expires_at <= until
        ]
        return sorted(over, key=lambda session: session.expires_at)[:limit]

    async def forget(self, *, expired_before: datetime) -> int:
        old = {key for key, session in self._store.sessions.items() if session.expires_at < expired_before}
        for key in old:
            del self._store.sessions[key]
        for key_hash, token in list(self._store.tokens.items()):
            stale = token.kind is TokenKind.ACCESS and token.expires_at < expired_before
            if stale or token.session_id in old:
                del self._store.tokens[key_hash]
        return len(old)


class MemoryVerifications:
    def __init__(self, store: Shelves) -> None:
        self._store = store

    async def add(self, verification: Verification) -> None:
        self._store.verifications.setdefault(verification.token_hash, verification)

    async def get(self, token_hash: bytes) -> Verification:
        if token_hash not in self._store.verifications:
            raise NotFound("there is no such link")
        return self._store.verifications[token_hash]

    async def save(self, verification: Verification) -> None:
        self._store.verifications[verification.token_hash] = verification

    async def void(self, user_id: UserId, purposes: Sequence[VerificationPurpose], *, at: datetime) -> None:
        for key, link in list(self._store.verifications.items()):
            if link.user_id == user_id and link.purpose in purposes and link.used_at is None:
                self._store.verifications[key] = msgspec.structs.replace(link, used_at=at)


class MemorySessionQueries:
    def __init__(self, store: Shelves) -> None:
        self._store = store

    async def find(self, token_hash: bytes, *, now: datetime) -> SignedIn | None:
        token = self._store.tokens.get(token_hash)
        session = self._store.sessions.get(token.session_id) if token is not None else None
        user = self._store.users.get(session.user_id) if session is not None else None
        if token is None or session is None or user is None:
            return None
        if token.kind is not TokenKind.ACCESS or token.expires_at <= now or session.ended_at is not None:
            return None
        if not user.may_sign_in:
            return None
        role = acting_role(session.role, user.roles, session.audience)
        staff = self._store.users.get(session.impersonator) if session.impersonator is not None else user
        if staff is None or not staff.may_sign_in:
            return None
        if now - session.last_seen_at >= SEEN_EVERY:
            self._store.sessions[session.id] = msgspec.structs.replace(session, last_seen_at=now)
        return SignedIn(
            token_hash=token_hash,
            session_id=session.id,
            user_id=user.id,
            audience=session.audience,
            role=role,
            roles=tuple(sorted(user.roles)),
            name=user.name,
            email=user.email or "",
            zone=user.zone,
            locale=user.locale,
            email_verified=user.email_verified_at is not None,
            onboarding=user.onboarding_of(role),
            valid_until=token.expires_at,
            impersonator=session.impersonator,
        )


class MemoryDevices:
    def __init__(self, store: Shelves) -> None:
        self._store = store

    async def of(self, user_id: UserId, *, now: datetime) -> Sequence[DeviceView]:
        found = [
            session
            for session in self._store.sessions.values()
            if session.user_id == user_id and session.is_open(now) and session.impersonator is None
        ]
        return [
            DeviceView(
                session_id=session.id,
                label=session.device,
                audience=session.audience,
                role=session.role,
                created_at=session.created_at,
                last_seen_at=session.last_seen_at,
                expires_at=session.expires_at,
            )
            for session in sorted(found, key=lambda session: session.last_seen_at, reverse=True)
        ]


class MemorySessionCache:
    """Remembers nothing, and who was forgotten."""

    def __init__(self) -> None:
        self.forgotten: list[UserId] = []

    async def forget(self, user_id: UserId) -> None:
        self.forgotten.append(user_id)


class MemoryPeople:
    def __init__(self, store: IdentityStore) -> None:
        self._store = store

    async def by_ids(self, user_ids: Sequence[UserId]) -> Sequence[PersonView]:
        return [_view(self._store.users[user_id]) for user_id in user_ids if user_id in self._store.users]

    async def search(
        self,
        text: str,
        *,
        role: Role | None = None,
        status: AccountStatus | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[PersonView]:
        before = decode_cursor(cursor, tuple[datetime, UUID])
        wanted = text.strip().casefold()
        found = [
            user
            for user in sorted(self._store.users.values(), key=lambda user: (user.created_at, user.id), reverse=True)
            if (wanted in user.name.casefold() or wanted in user.email.casefold())
            and (role is None or role in user.roles)
            and (status is None or user.status is status)
            and (before is None or (user.created_at, user.id) < before)
        ]
        return page_of([_view(user) for user in found[: limit + 1]], limit, "created_at", "user_id")


def _view(user: User) -> PersonView:
    return PersonView(
        user_id=user.id,
        name=user.name,
        email=user.email,
        zone=user.zone,
        locale=user.locale,
        roles=tuple(sorted(user.roles)),
        status=user.status.value,
        created_at=user.created_at,
    )


def identity_units(store: IdentityStore) -> NewUnit:
    return lambda: MemoryUnit(store)


class PlainHasher:
    """Keeps the promises of a hasher and none of its cost."""

    def __init__(self) -> None:
        self.verified: list[str | None] = []

    async def hash(self, password: str) -> str:
        return f"hash of {password}"

    async def verify(self, password_hash: str | None, password: str) -> bool:
        self.verified.append(password_hash)
        return password_hash is not None and password_hash.removeprefix("old ") == f"hash of {password}"

    def is_outdated(self, password_hash: str) -> bool:
        return password_hash.startswith("old ")


def with_role(user: User, role: Role) -> User:
    return msgspec.structs.replace(user, roles=frozenset({role}))


def build(part: str, shelf: Callable[[str], dict[Any, Any]]) -> Any:
    """For ``fakes.unit``."""
    store = Shelves()
    store.users, store.sessions, store.verifications = shelf("users"), shelf("sessions"), shelf("verifications")
    store.tokens = shelf("session_tokens")
    return {"users": MemoryUsers, "sessions": MemorySessions, "verifications": MemoryVerifications}[part](store)
