"""What happens to the school's own decisions."""

from domain.events import Event, event


@event
class SettingsChanged(Event, frozen=True, kw_only=True, tag="oversight.settings_changed"):
    """``kind``: which document; ``version``: the one in effect from now on."""

    kind: str
    version: int
