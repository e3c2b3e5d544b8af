"""The school's own terms on its pages: ``term("new")`` in a template is sabaq here and jadid there. (L10N-04)"""

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Final

from adapters.http.text import N_, _
from domain.terminology import Pack, Term, Terminology

TERMS: Final[Mapping[Pack, Mapping[Term, str]]] = {
    Pack.SUBCONTINENT: {Term.NEW: N_("sabaq"), Term.RECENT: N_("sabqi"), Term.OLD: N_("manzil")},
    Pack.ARAB: {
        Term.NEW: N_("jadid"),
        Term.RECENT: N_("muraja\u02bfah qaribah"),
        Term.OLD: N_("muraja\u02bfah ba\u02bfidah"),
    },
    Pack.PLAIN: {
        Term.NEW: N_("new verses"),
        Term.RECENT: N_("recent verses"),
        Term.OLD: N_("earlier verses"),
    },
}
in_force: Final[ContextVar[Terminology]] = ContextVar("terminology", default=Terminology())  # noqa: B039 - frozen


def term(name: str) -> str:
    wanted, words = Term(name), in_force.get()
    return words.own(wanted) or _(TERMS[words.pack][wanted])
