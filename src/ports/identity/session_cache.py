"""What is remembered of live sessions, so that most requests need not ask the database. (ID-05)"""

from typing import Protocol

from domain.ids import UserId


class SessionCache(Protocol):
    async def forget(self, user_id: UserId) -> None:
        """To be called right after the commit of any change to who somebody is or what he may do: status, roles,
        onboarding, name, language, zone, sessions ended. The very next request then sees it. Never raises: where the
        memory cannot be reached, it fades by itself within a minute. Record ``AccessChanged`` in the same unit as
        well: a process that dies between the two is made up for.
        """
        ...
