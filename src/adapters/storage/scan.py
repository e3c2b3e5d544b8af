"""The hook for a virus scanner: any program that reads a file from its input and answers by its exit code."""

import asyncio
import shlex
from contextlib import suppress
from typing import Final

from ports.errors import GatewayUnavailable

CLEAN: Final = 0
HARMFUL: Final = 1
"""As ``clamdscan``, ``clamscan`` and most others answer; anything else is trouble of their own."""


class NoScanner:
    """Where no scanner is set up. Files are still let in by their kind alone, and never shown inside a page."""

    async def is_harmful(self, content: bytes) -> bool:
        del content
        return False


class CommandScanner:
    """``command`` as one would type it, for example ``clamdscan --no-summary --stream -``."""

    def __init__(self, command: str, *, timeout_s: float = 20.0) -> None:
        self._command, self._timeout_s = shlex.split(command), timeout_s

    async def is_harmful(self, content: bytes) -> bool:
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
        except OSError as error:
            raise GatewayUnavailable("scanner", "the scanner cannot be started") from error
        try:
            async with asyncio.timeout(self._timeout_s):
                await process.communicate(content)
        except TimeoutError as error:
            raise GatewayUnavailable("scanner", "the scanner takes too long") from error
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if process.returncode not in (CLEAN, HARMFUL):
            raise GatewayUnavailable("scanner", f"the scanner ended with {process.returncode}")
        return process.returncode == HARMFUL
