"""What the outside world does to us. Adapters translate vendor errors into these, at their edge."""


class GatewayError(Exception):
    """Base. ``gateway`` names who failed, for logs and the admin page."""

    def __init__(self, gateway: str, message: str) -> None:
        super().__init__(f"{gateway}: {message}")
        self.gateway = gateway


class GatewayUnavailable(GatewayError):
    """No answer, or one that says nothing about the outcome: try again with the same key. ``retry_after_s``: how long
    the provider asks to be left alone.
    """

    def __init__(self, gateway: str, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(gateway, message)
        self.retry_after_s = retry_after_s


class NotSent(GatewayUnavailable):
    """The call never left us, so that nothing can have come of it: another provider may be asked instead."""


class GatewayRefused(GatewayError):
    """A clear no. Trying the same again will not help. ``code`` is the provider's word for it."""

    def __init__(self, gateway: str, message: str, code: str = "") -> None:
        super().__init__(gateway, message)
        self.code = code


class BadSignature(GatewayError):
    """A webhook that the provider did not sign, or that is too old."""
