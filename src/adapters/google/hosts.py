"""Where Google's services are."""

import msgspec


class Hosts(msgspec.Struct, frozen=True, kw_only=True):
    consent: str = "https://accounts.google.com/o/oauth2/v2/auth"
    token: str = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
    revoke: str = "https://oauth2.googleapis.com/revoke"
    calendar: str = "https://www.googleapis.com/calendar/v3"
    meet: str = "https://meet.googleapis.com/v2"

    @classmethod
    def at(cls, base: str) -> "Hosts":
        """All of them behind one address, with Google's own paths; Google's own hosts where it is empty."""
        if not base:
            return cls()
        return cls(
            consent=f"{base}/o/oauth2/v2/auth",
            token=f"{base}/token",
            revoke=f"{base}/revoke",
            calendar=f"{base}/calendar/v3",
            meet=f"{base}/v2",
        )
