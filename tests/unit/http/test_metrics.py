"""The numbers: who may read them, those of several processes in one answer, calls of outside services. (OPS-09)"""

import os
import time
from pathlib import Path

import pytest
from litestar.testing import TestClient
from prometheus_client.parser import text_string_to_metric_families

from adapters.http.health import HealthController
from adapters.measures import MANY, REGISTRY, note_breaker, note_call
from adapters.metrics_folder import FRESH_S, GONE_S, MetricsFolder, merged
from adapters.outgoing.budget import MemoryBudget
from adapters.outgoing.guard import Guard, Patience
from fakes.http import an_app, bearer
from ports.errors import GatewayRefused, GatewayUnavailable

HERE = ("127.0.0.0/8", "::1")


@pytest.mark.parametrize(
    ("peer", "headers", "proxies", "status"),
    [
        ("127.0.0.1", {}, (), 200),
        ("::1", {}, (), 200),
        ("10.0.0.9", {}, (), 404),
        ("10.0.0.9", bearer("for-the-scraper"), (), 200),
        ("10.0.0.9", bearer("for-somebody-else"), (), 404),
        # a proxy on the same machine that nobody has told us of
        ("127.0.0.1", {"x-forwarded-for": "203.0.113.5"}, (), 404),
        ("127.0.0.1", {"x-forwarded-for": "203.0.113.5"}, ("127.0.0.1",), 404),
        ("127.0.0.1", {"x-forwarded-for": "127.0.0.9"}, ("127.0.0.1",), 200),
    ],
)
def test_who_may_read_them(peer: str, headers: dict[str, str], proxies: tuple[str, ...], status: int) -> None:
    # OPS-09
    app = an_app([], metrics_token="for-the-scraper", metrics_networks=HERE, trusted_proxies=proxies)
    with TestClient(app) as client:
        client.app.asgi_handler = from_(peer, app.asgi_handler)
        assert client.get("/metrics", headers=headers).status_code == status


def from_(peer: str, inner):  # type: ignore[no-untyped-def]
    async def app(scope, receive, send):  # type: ignore[no-untyped-def]
        if scope["type"] == "http":
            scope["client"] = (peer, 1)
        await inner(scope, receive, send)

    return app


def test_an_empty_token_opens_nothing() -> None:
    with TestClient(an_app([], metrics_networks=())) as client:
        assert client.get("/metrics", headers={"authorization": "Bearer "}).status_code == 404
    assert HealthController.metrics.opt["anonymous"]


ONE = '# HELP a_total What.\n# TYPE a_total counter\na_total{door="main"} 1.0\n# HELP b Else.\n# TYPE b gauge\nb 2.0\n'


def test_several_processes_are_one_answer_that_can_be_read() -> None:
    text = merged([("main-1", ONE), ("worker-2", ONE)])
    families = {each.name: each for each in text_string_to_metric_families(text)}
    assert {name: len(family.samples) for name, family in families.items()} == {"a": 2, "b": 2}
    assert {sample.labels["process"] for sample in families["b"].samples} == {"main-1", "worker-2"}
    assert families["a"].samples[0].labels == {"door": "main", "process": "main-1"}
    assert text.count("# TYPE b ") == 1


def test_only_processes_that_are_alive_are_told(tmp_path: Path) -> None:
    folder, now = MetricsFolder(tmp_path / "metrics", "main"), time.time()
    folder.write(ONE)
    for name, age in (("worker-1", 1), ("main-2", FRESH_S + 5), ("main-3", GONE_S + 5)):
        path = tmp_path / "metrics" / f"{name}.prom"
        path.write_text(ONE)
        os.utime(path, (now - age, now - age))
    assert [name for name, _ in folder.others()] == ["worker-1"]
    assert {path.stem for path in (tmp_path / "metrics").iterdir()} == {"main-2", folder.name, "worker-1"}
    folder.remove()
    assert "worker-1" in folder.together(ONE)


def test_a_folder_that_cannot_be_written_costs_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    MetricsFolder(tmp_path / "file" / "metrics", "main").write(ONE)


def counted(gateway: str) -> dict[tuple[str, str], float]:
    family = next(each for each in REGISTRY.collect() if each.name == "halaqa_provider_call_seconds")
    return {
        (sample.labels["endpoint"], sample.labels["outcome"]): sample.value
        for sample in family.samples
        if sample.name.endswith("_count") and sample.labels["gateway"] == gateway
    }


async def test_calls_of_outside_services_are_counted_by_what_became_of_them() -> None:
    # OPS-09, OPS-12
    guard = Guard("measured/one", MemoryBudget(), patience=Patience(attempts=2, first_wait_s=0.0, failures=2))

    async def done() -> str:
        return "well"

    async def refused() -> str:
        raise GatewayRefused("measured/one", "no", code="no")

    async def away() -> str:
        raise GatewayUnavailable("measured/one", "away")

    assert await guard.run("GET it", done, repeatable=True) == "well"
    with pytest.raises(GatewayRefused):
        await guard.run("GET it", refused, repeatable=True)
    with pytest.raises(GatewayUnavailable):
        await guard.run("POST it", away, repeatable=True)
    assert counted("measured/one") == {("GET it", "done"): 1, ("GET it", "refused"): 1, ("POST it", "unavailable"): 2}
    assert REGISTRY.get_sample_value("halaqa_provider_resting", {"gateway": "measured/one"}) == 1
    note_breaker("measured/one", "closed")
    assert REGISTRY.get_sample_value("halaqa_provider_resting", {"gateway": "measured/one"}) == 0


def test_any_number_of_hosts_makes_no_more_than_so_many_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.measures._known", set())
    for number in range(MANY + 20):
        note_call(f"calendar/host-{number}.example", "GET calendar", "done", 0.1)
    gateways = {sample.labels.get("gateway", "") for family in REGISTRY.collect() for sample in family.samples}
    assert sum(name.startswith("calendar/host-") for name in gateways) == MANY
    assert "calendar" in gateways
