"""Argon2id on threads of its own. Source of the parameters: OWASP Password Storage Cheat Sheet (19 MiB, 2, 1)."""

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

T = TypeVar("T")
MEMORY_KIB: Final = 19 * 1024
ROUNDS: Final = 2
MODESTY: Final = 15
"""How nice their threads are to all others: where processors are short, reading goes first and signing in waits."""


class ArgonHasher:
    """The pool is small: a burst of sign-ins waits in line instead of taking all memory and every core."""

    def __init__(self, *, memory_kib: int = MEMORY_KIB, rounds: int = ROUNDS, threads: int | None = None) -> None:
        self._argon = PasswordHasher(time_cost=rounds, memory_cost=memory_kib, parallelism=1, type=Type.ID)
        threads = threads or max(1, (os.cpu_count() or 2) // 2)
        self._pool = ThreadPoolExecutor(threads, "passwords", initializer=_stand_back)
        self._nobodys: str | None = None

    async def hash(self, password: str) -> str:
        return await self._away(lambda: self._argon.hash(password))

    async def verify(self, password_hash: str | None, password: str) -> bool:
        return await self._away(lambda: self._verify(password_hash, password))

    def _verify(self, password_hash: str | None, password: str) -> bool:
        if self._nobodys is None:
            self._nobodys = self._argon.hash("nobody has this password")
        try:
            self._argon.verify(password_hash or self._nobodys, password)
        except (VerificationError, InvalidHashError):
            return False
        return bool(password_hash)

    def is_outdated(self, password_hash: str) -> bool:
        return self._argon.check_needs_rehash(password_hash)

    async def _away(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)


def _stand_back() -> None:
    """Linux knows how nice each thread is; elsewhere it would be the whole process."""
    if sys.platform == "linux":
        me = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, me, max(MODESTY, os.getpriority(os.PRIO_PROCESS, me)))
