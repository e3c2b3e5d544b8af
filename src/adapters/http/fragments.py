"""Parts of pages that come out the same again and again: a card of a Qari, a line of a list, the foot of every page.

A part is remembered under everything it is made of: its template, the language and numerals, the viewer's zone, and the
values themselves (frozen, compared one by one). So nothing has to be thrown away when something changes: what changed
is another part. Nobody sees what was made for somebody else unless he would have got exactly the same. Values that
differ with every request stay out of it: they are put in for the marks below when the part is there.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from html import escape
from typing import Any, Final, TypeAlias

from minijinja import safe

from adapters.http.hijri import manner
from adapters.languages import current

Shown: TypeAlias = Callable[[], Mapping[str, Any]]
MOST: Final = 8192
"""Parts that one process remembers, about a kibibyte each."""
CSRF_MARK: Final = "\ue000csrf\ue000"
PATH_MARK: Final = "\ue000path\ue000"
"""Private characters of Unicode: nobody's text holds them."""


class Fragments:
    def __init__(self, render: Callable[[str, Mapping[str, Any]], str], *, most: int = MOST) -> None:
        self._render, self._most = render, most
        self._made: OrderedDict[Hashable, str] = OrderedDict()

    def text(self, template: str, zone: str, values: Mapping[str, Hashable], shown: Shown) -> str:
        """``values`` are what the part depends on; ``shown`` follows from them (and from the language) alone."""
        here = current()
        key = (template, here.lang, here.numerals, zone, tuple(values.values()), manner())
        made = self._made.get(key)
        if made is None:
            made = self._render(template, {"lang": here.lang, "zone": zone, **values, **shown()})
            self._made[key] = made
            if len(self._made) > self._most:
                self._made.popitem(last=False)
        else:
            self._made.move_to_end(key)
        return made


def filled(made: str, *, csrf_token: str, path: str) -> Any:
    """With what is this request's own, for a template."""
    return safe(made.replace(CSRF_MARK, escape(csrf_token)).replace(PATH_MARK, escape(path)))
