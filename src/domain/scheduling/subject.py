"""What is taught, and to readers of which level. The same words say what a learner wants. (DISC-01, ONB-07)"""

from enum import StrEnum


class ReadingLevel(StrEnum):
    """How well somebody reads the Quran, from not at all."""

    NEW = "new"
    LETTERS = "letters"
    SLOWLY = "slowly"
    FLUENTLY = "fluently"
    WITH_TAJWID = "with_tajwid"


class Subject(StrEnum):
    """What a Qari teaches; to a learner it is a goal."""

    READ = "read"
    TAJWID = "tajwid"
    MEMORIZE = "memorize"
    REVISE = "revise"
    IJAZAH = "ijazah"
