"""What the rest counts on of a file store, on disk and in a bucket that speaks S3 alike. (ONB-02)"""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import httpx
import pytest

from adapters.storage.disk import DiskFiles
from adapters.storage.object_store import ObjectStoreFiles
from fakes.onboarding import PDF, MemoryFiles
from ports.errors import GatewayUnavailable
from ports.files import FileStore, NoSuchFile

pytestmark = pytest.mark.slow

BUCKET, ACCESS, SECRET = "school-files", "testing", "testing-secret"
KEY = "applications/01980000/0199.pdf"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def bucket_url() -> Iterator[str]:
    """A server of its own, with the bucket in it."""
    port = _free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url)
        assert httpx.put(f"{url}/{BUCKET}", trust_env=False).status_code == 200
        yield url
    finally:
        server.terminate()
        server.wait(10)


def _wait(url: str) -> None:
    for _ in range(150):
        try:
            httpx.get(url, timeout=2, trust_env=False)
        except httpx.TransportError:
            time.sleep(0.2)
        else:
            return
    raise TimeoutError("the object store did not start")


@pytest.fixture
def memory() -> FileStore:
    return MemoryFiles()


@pytest.fixture
def disk(tmp_path: Path) -> FileStore:
    return DiskFiles(tmp_path)


@pytest.fixture
def bucket(bucket_url: str) -> FileStore:
    return ObjectStoreFiles(
        bucket=BUCKET, region="us-east-1", access_key=ACCESS, secret_key=SECRET, endpoint=bucket_url
    )


@pytest.fixture(params=["memory", "disk", "bucket"])
def files(request: pytest.FixtureRequest) -> FileStore:
    return cast(FileStore, request.getfixturevalue(request.param))


async def test_what_is_put_is_there_until_it_is_taken_away(files: FileStore) -> None:
    await files.put(KEY, b"first", "application/pdf")
    await files.put(KEY, PDF, "application/pdf")

    assert await files.get(KEY) == PDF
    await files.delete(KEY)
    await files.delete(KEY)
    with pytest.raises(NoSuchFile):
        await files.get(KEY)


async def test_a_bucket_that_does_not_answer_is_said_to_be_unavailable() -> None:
    nowhere = ObjectStoreFiles(
        bucket=BUCKET,
        region="us-east-1",
        access_key=ACCESS,
        secret_key=SECRET,
        endpoint=f"http://127.0.0.1:{_free_port()}",
        patience_s=1,
    )

    with pytest.raises(GatewayUnavailable):
        await nowhere.put(KEY, PDF, "application/pdf")
    with pytest.raises(GatewayUnavailable):
        await nowhere.get(KEY)
