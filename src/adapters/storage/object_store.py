"""Files in a bucket: S3, or anything that speaks like it."""

from datetime import timedelta
from typing import Final

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import S3Store

from ports.errors import GatewayUnavailable
from ports.files import NoSuchFile

NAME: Final = "object store"


class ObjectStoreFiles:
    """``endpoint`` is empty for Amazon's own. Another one is asked by path, and over plain http only if it says so.
    ``patience_s``: for how long a failing call is tried again.
    """

    def __init__(
        self, *, bucket: str, region: str, access_key: str, secret_key: str, endpoint: str = "", patience_s: float = 20
    ) -> None:
        self._store = S3Store(
            bucket,
            region=region,
            access_key_id=access_key,
            secret_access_key=secret_key,
            endpoint=endpoint or None,
            virtual_hosted_style_request=not endpoint,
            client_options={"timeout": "20s", "connect_timeout": "3s", "allow_http": endpoint.startswith("http://")},
            retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=patience_s)},
        )

    async def put(self, key: str, content: bytes, media_type: str) -> None:
        try:
            await obstore.put_async(self._store, key, content, attributes={"Content-Type": media_type})
        except (BaseError, OSError) as error:
            raise GatewayUnavailable(NAME, "a file could not be stored") from error

    async def get(self, key: str) -> bytes:
        try:
            found = await obstore.get_async(self._store, key)
            return bytes(await found.bytes_async())
        except (NotFoundError, FileNotFoundError) as error:
            raise NoSuchFile(key) from error
        except (BaseError, OSError) as error:
            raise GatewayUnavailable(NAME, "a file could not be read") from error

    async def delete(self, key: str) -> None:
        try:
            await obstore.delete_async(self._store, key)
        except (NotFoundError, FileNotFoundError):
            return
        except (BaseError, OSError) as error:
            raise GatewayUnavailable(NAME, "a file could not be taken away") from error
