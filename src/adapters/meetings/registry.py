"""The providers of live classes that are set up, by name."""

from collections.abc import Iterable, Sequence

from ports.scheduling.meetings import MeetingProvider


class Registry:
    """Jitsi is always one of them."""

    def __init__(self, providers: Iterable[MeetingProvider]) -> None:
        self._providers = {provider.name: provider for provider in providers}

    def get(self, name: str) -> MeetingProvider | None:
        return self._providers.get(name)

    @property
    def names(self) -> Sequence[str]:
        return tuple(self._providers)
