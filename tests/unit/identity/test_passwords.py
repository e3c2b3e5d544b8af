"""The real hasher, with little memory so that the test is quick."""

import asyncio
import os
import sys
import threading

import pytest

from adapters.passwords import MEMORY_KIB, MODESTY, ArgonHasher


async def test_a_hash_is_salted_and_verifies_its_own_password_alone() -> None:
    # ID-01
    hasher = ArgonHasher(memory_kib=64, rounds=1)

    one, two = await asyncio.gather(hasher.hash("a quiet reading room"), hasher.hash("a quiet reading room"))

    assert one != two
    assert one.startswith("$argon2id$")
    assert await hasher.verify(one, "a quiet reading room")
    assert not await hasher.verify(one, "another room")
    assert not await hasher.verify(None, "nobody has this password")
    assert not await hasher.verify("not a hash", "a quiet reading room")


async def test_weaker_parameters_are_noticed() -> None:
    weak = await ArgonHasher(memory_kib=64, rounds=1).hash("a quiet reading room")

    assert ArgonHasher().is_outdated(weak)
    assert MEMORY_KIB >= 19 * 1024


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere threads have no rank of their own")
async def test_whoever_reads_goes_before_those_who_sign_in() -> None:  # OPS-03
    hasher = ArgonHasher(memory_kib=8, rounds=1)

    rank = await hasher._away(lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
    here = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    assert rank == max(MODESTY, here)
    assert here < MODESTY or rank == here
