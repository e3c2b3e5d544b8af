"""What this process counts beside its requests, whoever scrapes it. (OPS-09)"""

from typing import Final

from prometheus_client import CollectorRegistry, Gauge, Histogram

REGISTRY: Final = CollectorRegistry()
MANY: Final = 60
"""So many names of outside services are told apart: calendars of Qaris lie on any number of hosts."""
_CALLS: Final = Histogram(
    "halaqa_provider_call_seconds",
    "Calls of outside services, one attempt each.",
    ("gateway", "endpoint", "outcome"),
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    registry=REGISTRY,
)
_RESTING: Final = Gauge(
    "halaqa_provider_resting",
    "1 while an outside service keeps failing and is left alone.",
    ("gateway",),
    registry=REGISTRY,
)
_known: Final[set[str]] = set()


def note_call(gateway: str, endpoint: str, outcome: str, seconds: float) -> None:
    """``outcome``: done, refused, unavailable, or broken for a mistake of ours."""
    _CALLS.labels(_named(gateway), endpoint, outcome).observe(seconds)


def note_breaker(gateway: str, state: str) -> None:
    _RESTING.labels(_named(gateway)).set(0 if state == "closed" else 1)


def _named(gateway: str) -> str:
    if gateway not in _known:
        if len(_known) >= MANY:
            return gateway.partition("/")[0]
        _known.add(gateway)
    return gateway
