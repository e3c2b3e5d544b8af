"""A parameter is given once. Two values for one name mean different things to different readers (a proxy, a log, a
handler), which is how filters are bypassed. (OPS-10)
"""

from collections import Counter
from urllib.parse import parse_qsl

from litestar.handlers import BaseRouteHandler

from adapters.http.requests import Connection
from domain.errors import Invalid


class GivenTwice(Invalid):
    code = "parameter_given_twice"


def takes_several(handler: BaseRouteHandler) -> frozenset[str]:
    """Names that a handler reads as lists."""
    parameters = handler.parsed_fn_signature.parameters
    return frozenset(
        name for name, field in parameters.items() if field.is_non_string_sequence or _has_sequence(field.inner_types)
    )


def _has_sequence(inner: tuple[object, ...]) -> bool:
    return any(getattr(each, "is_non_string_sequence", False) for each in inner)


async def one_of_each(connection: Connection, handler: BaseRouteHandler) -> None:
    """A guard for all routes. Raises GivenTwice."""
    query = connection.scope.get("query_string", b"")
    if b"&" not in query:
        return
    counts = Counter(name for name, _ in parse_qsl(query.decode("latin-1"), keep_blank_values=True))
    repeated = {name for name, count in counts.items() if count > 1}
    if repeated and (refused := sorted(repeated - takes_several(handler))):
        raise GivenTwice("{names}: give this parameter once", names=", ".join(refused), field=refused[0])
