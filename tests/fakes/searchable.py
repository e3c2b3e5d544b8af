"""What the database's ``searchable()`` does, in Python; a contract test holds the two together."""

import re
import unicodedata

_GONE = re.compile(
    "[\u0300-\u036f\u02b0-\u02ff\u0610-\u061a\u0621\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8"
    "\u06ea-\u06ed\u08d3-\u08ff\u2018\u2019'`\u200b-\u200f\u202a-\u202e\u2060-\u2069]+"
)
_SAME = str.maketrans(
    "\u0671\u0649\u06cc\u06cd\u06d0\u06d2\u0629\u06be\u06c1\u06c3\u06d5\u06a9\u06aa\u06ba"
    "\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669"
    "\u06f0\u06f1\u06f2\u06f3\u06f4\u06f5\u06f6\u06f7\u06f8\u06f9",
    "\u0627\u064a\u064a\u064a\u064a\u064a\u0647\u0647\u0647\u0647\u0647\u0643\u0643\u064601234567890123456789",
)


def searchable(words: str) -> str:
    return _GONE.sub("", unicodedata.normalize("NFKD", words).lower()).translate(_SAME)
