"""Which passwords are good enough: long, not among those everybody tries, not made of the person's own words.

Source: NIST SP 800-63B, section 5.1.1.2: length and a list of known bad ones instead of composition rules; every
printable character is welcome; no forced changes.
"""

import unicodedata
from typing import Final

from domain.errors import Invalid

SHORTEST: Final = 10
LONGEST: Final = 200
_COMMON: Final = frozenset(
    (
        "0123456789", "01234567890", "0987654321", "1029384756", "1111111111", "1122334455", "11223344556",
        "1212121212", "123123123123", "1234512345", "1234554321", "1234567890", "12345678900", "12345678910",
        "123456789a", "123456789q", "123456qwerty", "1q2w3e4r5t", "1q2w3e4r5t6y", "1qaz2wsx3edc", "a123456789",
        "aa123456789", "abc123456789", "abcd123456", "abcdefghij", "abcdefghijk", "admin12345", "adminadmin",
        "administrator", "alhamdulillah", "allahuakbar", "asdfghjkl1", "asdfghjkl123", "asdfghjkl;",
        "assalamualaikum", "basketball", "bismillah1", "bismillah123", "bismillah786", "changeme12", "changeme123",
        "changemenow", "computer123", "football123", "iloveyou12", "iloveyou123", "iloveyou1234", "iloveyouallah",
        "insha'allah", "inshaallah", "internet123", "islamislam", "ismail12345", "letmein123", "letmeinnow",
        "liverpool1", "liverpoolfc", "mashaallah", "michaeljordan", "mohammed123", "muhammad123", "muhammad786",
        "mynameis123", "p@ssw0rd12", "p@ssw0rd123", "pakistan123", "pakistanzindabad", "pass123456", "passpasspass",
        "passw0rd12", "passw0rd123", "password01", "password1!", "password10", "password11", "password12",
        "password123", "password1234", "password12345", "password99", "princess123", "q1w2e3r4t5", "q1w2e3r4t5y6",
        "qazwsxedcr", "qazwsxedcrfv", "quran12345", "quranmajeed", "qwerty1234", "qwerty12345", "qwerty123456",
        "qwertyuiop", "qwertyuiop1", "qwertyuiop123", "qwertyuiop[]", "secret1234", "subhanallah", "sunshine123",
        "superman123", "testtest123", "testtesttest", "trustno1trustno1", "welcome123", "welcome1234", "whatever123",
        "zaq12wsxcde3", "zaqxswcdev", "zxcvbnm123", "zxcvbnmasd",
    )
)  # fmt: skip


class WeakPassword(Invalid):
    code = "weak_password"


def normalized(password: str) -> str:
    """One form for all ways of typing the same characters, on every keyboard."""
    return unicodedata.normalize("NFKC", password)


def require_good_password(password: str, *, email: str = "", name: str = "") -> str:
    """The normalized password. Raises WeakPassword."""
    password = normalized(password)
    plain = password.casefold()
    if len(password) < SHORTEST:
        raise WeakPassword("a password has at least {shortest} characters", shortest=SHORTEST, field="password")
    if len(password) > LONGEST:
        raise WeakPassword("a password has at most {longest} characters", longest=LONGEST, field="password")
    if plain in _COMMON or len(set(plain)) < 4:
        raise WeakPassword("this password is among the first that are tried; choose another", field="password")
    local = email.partition("@")[0]
    own = {word.casefold() for word in (email, local, name, name.replace(" ", "")) if len(word) >= 4}
    if any(plain in {word, word[::-1]} or (word in plain and len(plain) - len(word) < 5) for word in own):
        raise WeakPassword("a password is not made of your own name or address", field="password")
    return password
