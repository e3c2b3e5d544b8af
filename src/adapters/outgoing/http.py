"""JSON over HTTP to a provider: transport failures and answers that say nothing become ``GatewayUnavailable``."""

from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from time import time
from typing import Any, Final

import httpx

from adapters.outgoing.guard import Guard
from ports.errors import GatewayError, GatewayUnavailable, NotSent

UNREACHED: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
Refusal = Callable[[httpx.Response], GatewayError]
"""What an answer of 4xx means: GatewayRefused as a rule, GatewayUnavailable where it only says "not now"."""


class Caller:
    """One account's way to its provider. Redirects are not followed: an API that moves is an error."""

    def __init__(self, client: httpx.AsyncClient, guard: Guard, refusal: Refusal) -> None:
        self._client, self._guard, self._refusal = client, guard, refusal

    async def ask(
        self,
        method: str,
        url: str,
        *,
        endpoint: str,
        repeatable: bool,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> httpx.Response:
        """A successful answer. ``endpoint`` names the call in budgets and logs, without ids. Raises GatewayUnavailable
        (NotSent where nobody was reached), and what ``refusal`` makes of a 4xx.
        """

        async def once() -> httpx.Response:
            try:
                answer = await self._client.request(
                    method, url, headers=headers, params=params, json=json, data=form, content=content
                )
            except UNREACHED as error:
                raise NotSent(self._guard.name, f"{endpoint}: {type(error).__name__}") from error
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise GatewayUnavailable(self._guard.name, f"{endpoint}: {type(error).__name__}") from error
            if answer.is_success:
                return answer
            if answer.status_code == 429 or answer.status_code >= 500 or answer.is_redirect:
                said = f"{endpoint}: answered {answer.status_code}"
                raise GatewayUnavailable(self._guard.name, said, retry_after_s=retry_after(answer.headers))
            raise self._refusal(answer)

        return await self._guard.run(endpoint, once, repeatable=repeatable)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, from either form of the header (RFC 9110, 10.2.3)."""
    told = headers.get("retry-after", "").strip()
    if not told:
        return None
    try:
        return max(0.0, float(told))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(told).timestamp() - time())
    except ValueError:
        return None
