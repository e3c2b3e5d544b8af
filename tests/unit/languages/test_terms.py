"""Sabaq or jadid: a school's own terms on its pages, in each language. (L10N-04)"""

import pytest

from adapters.http.terms import TERMS, in_force, term
from adapters.http.words import subject_options
from adapters.languages import speaking
from application.oversight.see_reckoning import SeeTerminology
from application.oversight.settings import ChangeSettings
from domain.errors import Invalid
from domain.terminology import TERMINOLOGY, Pack, Term, Terminology
from fakes.clock import NOON, FixedClock
from fakes.unit import MemoryStore
from support.lessons import ADMIN
from support.units import memory_units

GOLDEN = {
    Pack.SUBCONTINENT: ["sabaq", "sabqi", "manzil"],
    Pack.ARAB: ["jadid", "muraja\u02bfah qaribah", "muraja\u02bfah ba\u02bfidah"],
    Pack.PLAIN: ["new verses", "recent verses", "earlier verses"],
}


@pytest.mark.parametrize("pack", list(Pack))
def test_every_pack_names_every_part(pack: Pack) -> None:
    token = in_force.set(Terminology(pack=pack))
    try:
        assert [term(one) for one in Term] == GOLDEN[pack]
        assert set(TERMS[pack]) == set(Term)
        for lang in ("ar", "ur"):
            with speaking(lang):
                assert all(term(one) for one in Term)
    finally:
        in_force.reset(token)


def test_a_word_of_the_schools_own_wins() -> None:
    token = in_force.set(Terminology(pack=Pack.ARAB, new="hifz jadid"))
    try:
        assert (term("new"), term("old")) == ("hifz jadid", GOLDEN[Pack.ARAB][2])
        assert "hifz jadid" in dict(subject_options())["memorize"]
    finally:
        in_force.reset(token)


async def test_it_is_a_versioned_document_of_the_school() -> None:
    units, clock = memory_units(MemoryStore()), FixedClock(NOON)
    change = ChangeSettings(units, clock)

    assert (await SeeTerminology(units, clock)()).pack is Pack.SUBCONTINENT
    await change(ADMIN, TERMINOLOGY, {"pack": "arab"}, based_on=0, reason="as in Cairo")
    assert (await SeeTerminology(units, clock)()).pack is Pack.ARAB
    with pytest.raises(Invalid):
        await change(ADMIN, TERMINOLOGY, {"new": "x" * 41}, based_on=1, reason="too long")
