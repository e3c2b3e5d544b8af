"""The lines about requests, where they cannot be written. (OPS-08, OPS-14)"""

import io

from entrypoints.access import MOST, AccessLines


class FullDisk(io.StringIO):
    full = True

    def write(self, text: str) -> int:
        if self.full:
            raise OSError(28, "No space left on device")
        return super().write(text)


def test_a_full_disk_costs_lines_and_nothing_else() -> None:
    disk = FullDisk()
    lines = AccessLines(disk, process="main", json=True)

    for _ in range(2 * MOST):
        lines(method="GET", route="/", status=200, ms=1.0, user=None, request_id="one")
    disk.full = False
    lines(method="GET", route="/later", status=200, ms=1.0, user=None, request_id="two")
    lines.flush()

    assert disk.getvalue().count("\n") == 1
    assert "/later" in disk.getvalue()
