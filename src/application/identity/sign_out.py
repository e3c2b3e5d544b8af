"""Ends the session at hand."""

from ports.unit_of_work import NewUnit


class SignOut:
    def __init__(self, new_unit: NewUnit) -> None:
        self._new_unit = new_unit

    async def __call__(self, token_hash: bytes) -> None:
        async with self._new_unit() as unit:
            await unit.sessions.end(token_hash)
            await unit.commit()
