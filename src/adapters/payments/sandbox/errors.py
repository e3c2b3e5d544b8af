"""What the API refuses, in the shape other providers use: ``{"error": {type, code, message, param}}``."""

from adapters.payments.sandbox.wire import ErrorBody


class ApiRefusal(Exception):
    """``status`` is the HTTP status it ends as."""

    def __init__(self, status: int, body: ErrorBody) -> None:
        super().__init__(body.message)
        self.status, self.body = status, body


def invalid(code: str, message: str, param: str | None = None) -> ApiRefusal:
    return ApiRefusal(400, ErrorBody(type="invalid_request_error", code=code, message=message, param=param))


def missing(kind: str, id: str) -> ApiRefusal:
    """Also for an object of another account: whether it exists is none of this account's business."""
    return ApiRefusal(
        404,
        ErrorBody(type="invalid_request_error", code="resource_missing", message=f"No such {kind}: {id!r}", param="id"),
    )


def other_request(key: str) -> ApiRefusal:
    return ApiRefusal(
        400,
        ErrorBody(
            type="idempotency_error",
            code="idempotency_key_in_use",
            message=f"The key {key!r} was used before with another request.",
        ),
    )


def unknown_key() -> ApiRefusal:
    return ApiRefusal(
        401,
        ErrorBody(
            type="authentication_error",
            code="invalid_api_key",
            message="Send the secret key as Authorization: Bearer <key>.",
        ),
    )


def unknown_account(account: str) -> ApiRefusal:
    return ApiRefusal(
        403,
        ErrorBody(type="authentication_error", code="unknown_account", message=f"No such account: {account!r}"),
    )
