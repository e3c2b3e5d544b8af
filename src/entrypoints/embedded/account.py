"""The system account that PostgreSQL runs as. It refuses to run as root, so root lends it an ordinary account."""

import ctypes
import os
import pwd
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

CANDIDATES: Final = ("postgres", "nobody")

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_KEEPCAPS: Final = 8
_PR_SET_SECUREBITS: Final = 28
_NO_SETUID_FIXUP: Final = 1 << 2
_PR_CAP_AMBIENT: Final = 47
_PR_CAP_AMBIENT_RAISE: Final = 2
_CAP_DAC_OVERRIDE: Final = 1
_CAP_DAC_READ_SEARCH: Final = 2
_CAPABILITY_VERSION_3: Final = 0x20080522


class Account(msgspec.Struct, frozen=True):
    uid: int
    gid: int
    name: str

    def can_enter(self, path: Path) -> bool:
        """Whether every folder on the way lets the account through."""
        for folder in (path.resolve(), *path.resolve().parents):
            state = folder.stat()
            needed = stat.S_IXUSR if state.st_uid == self.uid else stat.S_IXOTH
            if not state.st_mode & needed:
                return False
        return True


def account_for(folder: Path) -> Account | None:
    """None when we may run the server as ourselves. Data that an ordinary account owns stays with that account."""
    if os.geteuid() != 0:
        return None
    owner = folder.stat().st_uid if folder.exists() else 0
    entry = pwd.getpwuid(owner) if owner != 0 else next(pwd.getpwnam(name) for name in CANDIDATES if _known(name))
    return Account(entry.pw_uid, entry.pw_gid, entry.pw_name)


def _known(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def child_setup(
    account: Account | None, *, death_signal: int | None, enter: tuple[Path, ...] = ()
) -> Callable[[], None]:
    """What a child does between fork and exec: take on the account, and ask to be told when the parent dies.

    ``enter`` are folders that the program has to reach. Where the account cannot (a project in /root, mode 0700), it
    keeps the one capability that lets it search closed folders, and nothing else of root.
    """
    # The library is loaded here and not in the child: after a fork, only async-signal-safe work is safe.
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
    closed = account is not None and not all(account.can_enter(path) for path in enter)
    parent = os.getpid()

    def setup() -> None:
        if account is not None:
            if closed and libc is not None:
                libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0)
                # Otherwise access(2), which PostgreSQL's programs use to find each other, would not count it.
                libc.prctl(_PR_SET_SECUREBITS, _NO_SETUID_FIXUP, 0, 0, 0)
            os.setgroups([])
            os.setgid(account.gid)
            os.setuid(account.uid)
            if closed and libc is not None:
                _keep_search(libc)
        # After the change of account, which clears it.
        if death_signal is not None and libc is not None:
            libc.prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)

    return setup


def _keep_search(libc: ctypes.CDLL) -> None:
    """CAP_DAC_READ_SEARCH if there is one to keep (containers often take it away), else CAP_DAC_OVERRIDE."""
    for capability in (_CAP_DAC_READ_SEARCH, _CAP_DAC_OVERRIDE):
        header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
        mask = 1 << capability
        data = (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)
        if libc.capset(header, data) == 0:
            libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability, 0, 0)
            return
