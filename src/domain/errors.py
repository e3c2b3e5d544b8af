"""What can be wrong with a request, said once. HTTP codes live in the HTTP adapter alone.

Every error has a stable ``code`` (snake case, never renamed: clients match on it), a sentence for people, and
``details``: plain JSON values that help the reader to go on (the next free slots, the field at fault).
"""

from typing import Any, ClassVar


class DomainError(Exception):
    """Base of everything the domain and the use cases refuse.

    ``template`` is a constant sentence, so that it can be translated; ``{name}`` in it stands for a detail
    of that name.
    """

    code: ClassVar[str] = "refused"

    def __init__(self, template: str, /, **details: Any) -> None:
        self.template = template
        self.message = template.format_map(details) if details and "{" in template else template
        super().__init__(self.message)
        self.details = details


class NotFound(DomainError):
    code = "not_found"


class NotPermitted(DomainError):
    """Known, but not allowed."""

    code = "not_permitted"


class NotSignedIn(DomainError):
    """Not known: no session, or one that has ended."""

    code = "not_signed_in"


class Invalid(DomainError):
    """Well-formed, but against a rule. ``field`` in details names the offending input where there is one."""

    code = "invalid"


class Conflict(DomainError):
    """True a moment ago perhaps, but not with the state of things now."""

    code = "conflict"


class StaleWrite(Conflict):
    """Somebody else changed it in between. Reload and try again."""

    code = "stale_write"


class IllegalTransition(Conflict):
    code = "illegal_transition"

    def __init__(self, entity: str, current: str, attempted: str) -> None:
        super().__init__(
            "a {entity} that is {current} cannot become {attempted}",
            entity=entity,
            current=current,
            attempted=attempted,
        )


class Gone(DomainError):
    """It existed and has been used up: a single-use link, an expired offer."""

    code = "gone"


class TooMany(DomainError):
    """A limit was reached. ``retry_after_s`` in details says when to come back."""

    code = "too_many"
