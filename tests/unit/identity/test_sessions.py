"""One device, many tokens: pairs follow each other, and whoever comes back with a used one ends it all. (ID-04)"""

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from domain.errors import NotPermitted
from domain.identity.device import device_label
from domain.identity.permission import Audience, Role
from domain.identity.session import (
    ACCESS_LIFETIME,
    GRACE,
    IMPERSONATION_LIFETIME,
    LIFETIMES,
    LONGEST,
    Ending,
    Issued,
    Session,
    SessionOver,
    Token,
    TokenKind,
    TokenReplayed,
    hash_token,
)
from domain.ids import SessionId, UserId
from fakes.clock import NOON

SECRET = "a secret of the school"
ME = UserId(UUID(int=7))


def a_session(**given: Any) -> tuple[Session, Issued]:
    fields: dict[str, Any] = {"audience": Audience.MAIN, "role": Role.STUDENT, "at": NOON} | given
    return Session.open(SessionId(UUID(int=1)), ME, **fields)


def refresh_of(issued: Issued) -> tuple[Token, str]:
    assert issued.refresh is not None
    return next(token for token in issued.tokens if token.kind is TokenKind.REFRESH), issued.refresh


def test_the_first_pair_is_known_to_us_by_its_hashes_alone() -> None:
    # ID-04
    session, issued = a_session()
    refresh, text = refresh_of(issued)

    assert issued.access.startswith("hm_")
    assert (issued.expires_at, refresh.expires_at) == (NOON + ACCESS_LIFETIME, NOON + LIFETIMES[Audience.MAIN])
    assert {token.hash for token in issued.tokens} == {hash_token(issued.access), hash_token(text)}
    assert session.expires_at == refresh.expires_at


def test_a_pair_is_followed_by_one_that_only_its_owner_can_know() -> None:
    # ID-04
    session, first = a_session()
    token, text = refresh_of(first)
    later = NOON + timedelta(days=3)

    longer, used, second = session.renew(token, text, SECRET, at=later)

    assert used.rotated_at == later
    assert longer.expires_at == later + LIFETIMES[Audience.MAIN]
    assert {t.generation for t in second.tokens} == {2}
    assert len({first.access, first.refresh, second.access, second.refresh}) == 4
    assert session.renew(token, text, "another secret", at=later)[2].access != second.access


def test_within_the_grace_the_same_pair_is_told_again_and_after_it_never() -> None:
    # ID-04
    session, first = a_session()
    token, text = refresh_of(first)
    longer, used, second = session.renew(token, text, SECRET, at=NOON, grace=GRACE)

    _, again, same = longer.renew(used, text, SECRET, at=NOON + GRACE, grace=GRACE)

    assert (again, same) == (used, second)
    with pytest.raises(TokenReplayed):
        longer.renew(used, text, SECRET, at=NOON + GRACE + timedelta(seconds=1), grace=GRACE)
    with pytest.raises(TokenReplayed):
        longer.renew(used, text, SECRET, at=NOON)


def test_nothing_is_renewed_with_an_access_token_nor_after_the_end() -> None:
    session, issued = a_session()
    token, text = refresh_of(issued)
    access = issued.tokens[0]

    for over, given, at in (
        (session, access, NOON),
        (session.end(Ending.SIGNED_OUT, at=NOON), token, NOON),
        (session, token, session.expires_at),
    ):
        with pytest.raises(SessionOver):
            over.renew(given, text, SECRET, at=at)


def test_staff_sign_in_again_every_half_day_and_everybody_twice_a_year() -> None:
    session, issued = a_session(audience=Audience.ADMIN, role=Role.SUPPORT)
    token, text = refresh_of(issued)
    longer, _, following = session.renew(token, text, SECRET, at=NOON + timedelta(hours=11, minutes=50))

    assert longer.expires_at == NOON + LONGEST[Audience.ADMIN]
    assert following.expires_at == longer.expires_at


def test_who_looks_through_other_eyes_has_twenty_minutes_and_no_more() -> None:
    # ID-20
    session, issued = a_session(impersonator=UserId(UUID(int=9)))

    assert issued.refresh is None
    assert issued.expires_at == session.expires_at == NOON + IMPERSONATION_LIFETIME


def test_a_hat_is_one_that_one_has_and_that_has_business_behind_this_door() -> None:
    # ID-19
    held = {Role.QARI, Role.GUARDIAN, Role.SUPPORT}
    session, _ = a_session(role=Role.QARI)

    assert session.act_as(Role.GUARDIAN, held=held).role is Role.GUARDIAN
    for role in (Role.STUDENT, Role.SUPPORT):
        with pytest.raises(NotPermitted):
            session.act_as(role, held=held)


@pytest.mark.parametrize(
    ("said", "label"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox · Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML) Chrome/140.0 Safari/537.36 Edg/140.0",
            "Edge · Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1",
            "Safari · iPhone",
        ),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", "Chrome · Android"),
        ("halaqa-app/2.1", "halaqa-app"),
        ("", ""),
        ("x\x00\n" * 100, "x" * 80),
    ],
)
def test_a_device_is_called_what_its_owner_calls_it(said: str, label: str) -> None:
    # ID-18
    assert device_label(said) == label


class SessionLife(RuleBasedStateMachine):
    """The owner and a thief, who at any moment may hold any refresh token that ever was, one database between them."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.session, first = a_session()
        self.kept: dict[bytes, Token] = {}
        self.told: list[str] = []
        self.replayed = False
        self._keep(first)

    def _keep(self, issued: Issued) -> None:
        for token in issued.tokens:
            self.kept.setdefault(token.hash, token)
        if issued.refresh is not None and issued.refresh not in self.told:
            self.told.append(issued.refresh)

    @rule(seconds=st.one_of(st.integers(0, 60), st.integers(0, 40 * 24 * 3600)))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(which=st.integers(0, 1000), grace=st.sampled_from([timedelta(), GRACE]))
    def somebody_refreshes(self, which: int, grace: timedelta) -> None:
        text = self.told[which % len(self.told)]
        token = self.kept[hash_token(text)]
        try:
            self.session, used, issued = self.session.renew(token, text, SECRET, at=self.now, grace=grace)
        except SessionOver:
            return
        except TokenReplayed:
            assert token.rotated_at is not None
            self.session = self.session.end(Ending.REPLAYED, at=self.now)
            self.replayed = True
            return
        self.kept[used.hash] = used
        self._keep(issued)

    @precondition(lambda self: self.session.ended_at is None)
    @rule(ending=st.sampled_from([Ending.SIGNED_OUT, Ending.REMOVED, Ending.EVERYWHERE]))
    def it_is_ended(self, ending: Ending) -> None:
        self.session = self.session.end(ending, at=self.now)

    @invariant()
    def each_generation_has_one_pair(self) -> None:
        pairs = sorted((token.generation, token.kind) for token in self.kept.values())
        assert len(set(pairs)) == len(pairs)
        assert {generation for generation, _ in pairs} == set(range(1, len(pairs) // 2 + 1))

    @invariant()
    def one_refresh_token_at_most_is_unused_and_none_after_a_replay(self) -> None:
        fresh = [t for t in self.kept.values() if t.kind is TokenKind.REFRESH and t.rotated_at is None]
        assert len(fresh) == 1
        if self.replayed:
            assert not self.session.is_open(self.now)

    @invariant()
    def nothing_outlives_the_session_nor_the_session_its_longest(self) -> None:
        assert all(token.expires_at <= self.session.expires_at for token in self.kept.values())
        assert self.session.expires_at <= self.session.created_at + LONGEST[Audience.MAIN]

    @invariant()
    def what_has_ended_stays_so(self) -> None:
        if self.session.ended_at is not None:
            again = self.session.end(Ending.BLOCKED, at=self.now)
            assert again == self.session
            assert msgspec.structs.replace(self.session, ended_at=None, ended_because=None) != self.session


TestSessionLife = pytest.mark.slow(SessionLife.TestCase)
