"""Settings in the office: forms come from the structs, nothing changes unseen, support only reads."""

import re
from typing import Annotated, Any, Literal

import msgspec
import pytest
from litestar import Litestar
from litestar.datastructures import FormMultiDict
from litestar.testing import TestClient
from msgspec import Meta

from adapters.http.web.admin.settings import AdminSettingsController
from adapters.http.web.admin.settings_forms import controls_of, place_of, values_of
from adapters.http.web.admin.settings_words import words_of
from application.oversight.settings import (
    DOCUMENTS,
    ChangeSettings,
    ListSettings,
    RevertSettings,
    SeeSettings,
    SettingsHistory,
)
from domain.booking.policy import BOOKING_POLICY, BookingPolicy, read_policy
from domain.errors import Invalid
from domain.identity.permission import Audience, Role
from domain.oversight.differences import plain
from domain.scheduling.qari import Gender
from fakes.http import StandingClock, an_app, bearer, provided, token_of
from fakes.identity import IdentityStore, MemoryPeople
from fakes.unit import MemoryStore, MemoryUnit


class Row(msgspec.Struct, frozen=True):
    country: str
    days: int


class Inner(msgspec.Struct, frozen=True):
    open: bool = True
    note: str = ""


class Everything(msgspec.Struct, kw_only=True):
    on: bool = True
    number: Annotated[int, Meta(ge=1, le=9)] = 3
    share: float = 0.5
    words: Annotated[str, Meta(max_length=40)] = "x"
    mode: Literal["off", "minors", "all"] = "off"
    gender: Gender = Gender.MALE
    genders: frozenset[Gender] = frozenset({Gender.MALE})
    names: tuple[str, ...] = ("one", "two")
    rows: tuple[Row, ...] = (Row("PK", 3),)
    inner: Inner = Inner()
    limit: int | None = None
    other: dict[str, int] = {}


def a_form(values: dict[str, Any]) -> FormMultiDict:
    """As a browser would send what was shown."""
    sent: list[tuple[str, Any]] = []

    def send(controls: list[Any]) -> None:
        for control in controls:
            if control.kind == "tick":
                sent.extend([(control.name, "on")] if control.value else [])
            elif control.kind == "ticks":
                sent.extend((control.name, each) for each in control.value)
            elif control.kind == "table":
                for row in control.rows:
                    send(row)
            elif control.kind == "group":
                send(control.parts)
            else:
                sent.append((control.name, "" if control.value is None else str(control.value)))

    send(controls_of(Everything, values))
    return FormMultiDict(sent)


def test_what_is_shown_comes_back_as_it_was() -> None:
    # ADM-06
    value = Everything(rows=(Row("PK", 3), Row("SA", 0)), other={"a": 1}, limit=None, names=("حفص", "ورش"))

    came = msgspec.convert(values_of(Everything, a_form(plain(value))), Everything)

    assert came == value


def test_every_kind_of_field_has_its_control() -> None:
    kinds = {control.name: control.kind for control in controls_of(Everything, plain(Everything()))}

    assert kinds == {
        "on": "tick", "number": "number", "share": "number", "words": "text", "mode": "select", "gender": "select",
        "genders": "ticks", "names": "lines", "rows": "table", "inner": "group", "limit": "number", "other": "json",
    }  # fmt: skip


def test_a_row_is_dropped_by_leaving_it_empty_and_json_is_checked() -> None:
    form = FormMultiDict([("rows.0.country", ""), ("rows.0.days", ""), ("rows.1.country", "PK"), ("rows.1.days", "7")])

    assert values_of(Everything, FormMultiDict([*form.multi_items(), ("other", "{}")]))["rows"] == [
        {"country": "PK", "days": 7}
    ]
    with pytest.raises(Invalid):
        values_of(Everything, FormMultiDict([("other", "{nonsense")]))


def test_a_refusal_finds_its_control() -> None:
    assert place_of("cancellation[1].refund_percent") == "cancellation.1.refund_percent"


@pytest.mark.parametrize("kind", list(DOCUMENTS))
def test_every_document_survives_its_own_form(kind: str) -> None:
    # ADM-06
    value = plain(DOCUMENTS[kind]())

    assert controls_of(DOCUMENTS[kind], value)


class Office:
    def __init__(self) -> None:
        self.store = MemoryStore()

    def unit(self) -> MemoryUnit:
        return MemoryUnit(self.store)

    def open(self, role: Role = Role.ADMIN) -> TestClient[Litestar]:
        clock = StandingClock()
        parts: dict[str, Any] = {
            "list_settings": ListSettings(self.unit, clock),
            "see_settings": SeeSettings(self.unit, clock),
            "settings_history": SettingsHistory(self.unit, MemoryPeople(IdentityStore())),
            "change_settings": ChangeSettings(self.unit, clock),
            "revert_settings": RevertSettings(self.unit, clock),
        }
        app = an_app(
            [AdminSettingsController],
            audience=Audience.ADMIN,
            development=True,  # an unknown name in a template is an error then
            dependencies={name: provided(part) for name, part in parts.items()},
        )
        client = TestClient(app)
        client.headers.update(bearer(token_of(Audience.ADMIN, role)) | {"Accept": "text/html"})
        return client

    def booking(self) -> BookingPolicy:
        rows = list(self.store.shelf("policies").values())
        return read_policy(rows[-1] if rows else None).policy


def fields_on(page: str) -> dict[str, str]:
    return {
        found[1]: found[2].replace("&quot;", '"').replace("&#34;", '"')
        for found in re.finditer(r'<input[^>]* name="([^"]+)"[^>]* value="([^"]*)"', page)
    }


def test_a_change_is_reviewed_then_put_into_effect_then_taken_back() -> None:
    # ADM-06
    office = Office()
    with office.open() as client:
        form = fields_on(client.get("/settings/booking").text) | {"hold_min": "20"}

        review = client.post("/settings/booking/review", data=form)
        assert "A chosen time is held for (minutes)" in review.text
        assert not office.store.shelf("policies")

        done = client.post(
            "/settings/booking", data=fields_on(review.text) | {"reason": "slow banks"}, follow_redirects=False
        )
        assert (done.status_code, office.booking().hold_min) == (303, 20)
        assert "slow banks" in client.get("/settings/booking").text

        older = client.get("/settings/booking/versions/0")
        client.post("/settings/booking/revert", data=fields_on(older.text) | {"reason": "no help"})

    assert office.booking() == BookingPolicy()
    assert [act.reason for act in office.store.acts] == ["slow banks", "no help"]


def test_nonsense_keeps_what_was_written_and_says_where() -> None:
    office = Office()
    with office.open() as client:
        form = fields_on(client.get("/settings/booking").text) | {"hold_min": "soon", "request_h": "30"}

        answer = client.post("/settings/booking/review", data=form)

    assert answer.status_code == 422
    assert 'value="soon"' in answer.text
    assert 'value="30"' in answer.text


def test_support_reads_without_a_single_button() -> None:
    # ADM-06
    office = Office()
    with office.open(Role.SUPPORT) as client:
        pages = [client.get("/settings"), *(client.get(f"/settings/{kind}") for kind in DOCUMENTS)]
        refused = client.post(f"/settings/{BOOKING_POLICY}", data={"document": "{}", "based_on": "0", "reason": "me"})

    for answer in pages:
        assert answer.status_code == 200
        main = answer.text.partition("<main")[2].partition("</main>")[0]
        assert "<form" not in main
        assert "<button" not in main
    assert refused.status_code == 403


@pytest.mark.parametrize("kind", list(DOCUMENTS))
def test_every_document_and_field_has_a_name(kind: str) -> None:
    # ADM-06
    words = words_of(kind)

    assert words.about
    for control in controls_of(DOCUMENTS[kind], plain(DOCUMENTS[kind]())):
        assert control.field in words.labels, f"settings_words names no {kind}.{control.field}"
