"""What a school calls the parts of memorizing: schools of Karachi and of Cairo use other words. (L10N-04)"""

from enum import StrEnum
from typing import Annotated, Final

import msgspec

TERMINOLOGY: Final = "terminology"
"""The kind under which its versions are stored."""
Own = Annotated[str, msgspec.Meta(max_length=40)]


class Pack(StrEnum):
    """``subcontinent``: sabaq, sabqi, manzil. ``arab``: jadid and two kinds of murajaah. ``plain``: neither."""

    SUBCONTINENT = "subcontinent"
    ARAB = "arab"
    PLAIN = "plain"


class Term(StrEnum):
    """New verses, what was learned lately, and all that was learned before."""

    NEW = "new"
    RECENT = "recent"
    OLD = "old"


class Terminology(msgspec.Struct, frozen=True, kw_only=True):
    """A word of the school's own wins over the pack, in every language."""

    pack: Pack = Pack.SUBCONTINENT
    new: Own = ""
    recent: Own = ""
    old: Own = ""

    def own(self, term: Term) -> str:
        return {Term.NEW: self.new, Term.RECENT: self.recent, Term.OLD: self.old}[term].strip()
