"""What text search looks at: words without what people write now one way, now another. (DISC-07)

«القُرْآن», «القران» and «القرآن» become the same, and so do «Ḥāfiẓ» and "hafiz": compatibility forms are unfolded (NFKD),
vowel signs, hamzas and tatweel go, and the letters that Arabic, Persian and Urdu keyboards tell apart (ya, kaf, ha,
ta marbuta, alef wasla) and the three sets of digits are made one. Trigram indexes lie on the function's value, so
any part of a word is found by them: ``searchable(name) LIKE '%' || searchable($1) || '%'``.
"""

import re
from typing import Final

from sqlalchemy import DDL, event

from adapters.persistence.metadata import metadata

SEARCHABLE: Final = r"""
CREATE OR REPLACE FUNCTION searchable(words text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$ SELECT translate(
        regexp_replace(
            lower(normalize(words, NFKD)),
            '[\u0300-\u036F\u02B0-\u02FF\u0610-\u061A\u0621\u0640\u064B-\u065F\u0670\u06D6-\u06DC\u06DF-\u06E8'
            '\u06EA-\u06ED\u08D3-\u08FF\u2018\u2019''`\u200B-\u200F\u202A-\u202E\u2060-\u2069]+',
            '', 'g'),
        U&'\0671\0649\06CC\06CD\06D0\06D2\0629\06BE\06C1\06C3\06D5\06A9\06AA\06BA'
        '\0660\0661\0662\0663\0664\0665\0666\0667\0668\0669\06F0\06F1\06F2\06F3\06F4\06F5\06F6\06F7\06F8\06F9',
        U&'\0627\064A\064A\064A\064A\064A\0647\0647\0647\0647\0647\0643\0643\0646'
        '01234567890123456789') $$
"""
event.listen(metadata, "before_create", DDL(SEARCHABLE))  # type: ignore[no-untyped-call]

_WORDS: Final = 3


def patterns(text: str) -> list[str | None]:
    """A ``LIKE`` pattern for each of the first words and one for the rest, None where there are fewer. They go through
    ``searchable()`` themselves.
    """
    words = [re.sub(r"([\\%_])", r"\\\1", word) for word in text.split()]
    if len(words) > _WORDS:
        words = [*words[: _WORDS - 1], "%".join(words[_WORDS - 1 :])]
    return [f"%{words[place]}%" if place < len(words) else None for place in range(_WORDS)]
