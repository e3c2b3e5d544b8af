"""Request counts and times by route template, in the text format that Prometheus reads."""

from typing import Final, cast

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from adapters.http.requests import Connection
from domain.errors import DomainError

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST.removesuffix("; charset=utf-8")  # Litestar adds it
_METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """One registry per application; ``registry`` is open to gauges of other parts."""

    def __init__(self, audience: str) -> None:
        self.registry = CollectorRegistry()
        self._audience = audience
        self._requests = Counter(
            "halaqa_http_requests", "Requests answered.", ("door", "method", "route", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "halaqa_http_request_seconds",
            "Time from the request to the end of the answer.",
            ("door", "method", "route"),
            buckets=_BUCKETS,
            registry=self.registry,
        )

        self._refused = Counter(
            "halaqa_sign_ins_failed", "Sign-ins refused, by why.", ("door", "why"), registry=self.registry
        )

    def sign_in_failed(self, why: str) -> None:
        """``why``: the code of the error."""
        self._refused.labels(self._audience, why).inc()

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        known = method if method in _METHODS else "other"
        self._requests.labels(self._audience, known, route, str(status)).inc()
        self._seconds.labels(self._audience, known, route).observe(seconds)

    def text(self) -> bytes:
        return generate_latest(self.registry)


def note_failed(request: Connection, error: DomainError) -> None:
    """That somebody was not let in."""
    cast(Metrics, request.app.state.metrics).sign_in_failed(error.code)
