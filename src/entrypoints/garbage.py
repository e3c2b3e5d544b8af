"""When the collector of cycles may stop everything.

A full collection looks at every object there is: with ten thousand open connections it takes 100 to 200 ms, in which
nobody is answered, and by its own reckoning Python makes one every two or three seconds then. What is freed that way
are cycles, and requests hardly leave any: reference counts free the rest at once. So the young are looked at less
often, and everything once in some minutes.
"""

import gc
from typing import Final

YOUNG: Final = 5_000
"""Objects more than before, until the young ones are looked at (Python: 700)."""
MIDDLE: Final = 10
NEVER: Final = 1_000_000
WHOLE_EVERY_S: Final = 600


def settle() -> None:
    """What is there now stays for good. To be called when everything is loaded."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, NEVER)
    gc.enable()


def is_due(passed_s: int) -> bool:
    """Whether everything is to be looked at, so many whole seconds after the start."""
    return passed_s > 0 and passed_s % WHOLE_EVERY_S == 0
