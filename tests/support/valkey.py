"""One throwaway Valkey server per worker."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from entrypoints.embedded.valkey import EmbeddedValkey


@contextmanager
def throwaway_valkey() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="halaqa-") as folder:
        server = EmbeddedValkey(Path(folder))
        server.start()
        try:
            yield server.url
        finally:
            server.stop()
