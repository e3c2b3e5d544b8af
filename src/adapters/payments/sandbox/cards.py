"""The test cards, and the checks that a card form makes before it asks the bank. Only the last four digits are kept."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Final, Literal

import msgspec

from adapters.languages.text import N_

RefundManner = Literal["at_once", "pending", "fails_later"]


class SandboxCard(msgspec.Struct, frozen=True, kw_only=True):
    """How one card number behaves. ``does`` is an English message id for the list on the checkout page."""

    number: str
    brand: str
    does: str
    decline_code: str | None = None
    challenge: bool = False
    delayed: bool = False
    refund: RefundManner = "at_once"

    @property
    def last4(self) -> str:
        return self.number[-4:]

    @property
    def grouped(self) -> str:
        """As it is printed on a card."""
        if len(self.number) == 15:
            return f"{self.number[:4]} {self.number[4:10]} {self.number[10:]}"
        return " ".join(re.findall(".{4}", self.number))


def _visa(number: str, does: str, decline_code: str | None = None) -> SandboxCard:
    return SandboxCard(number=number, brand="Visa", does=does, decline_code=decline_code)


CARDS: Final[tuple[SandboxCard, ...]] = (
    _visa("4242424242424242", N_("Succeeds")),
    SandboxCard(number="5555555555554444", brand="Mastercard", does=N_("Succeeds")),
    SandboxCard(number="378282246310005", brand="American Express", does=N_("Succeeds")),
    SandboxCard(
        number="4000002500003155", brand="Visa", does=N_("Asks for confirmation, then succeeds"), challenge=True
    ),
    SandboxCard(
        number="4000002760003184", brand="Visa", does=N_("Asks for confirmation, then succeeds"), challenge=True
    ),
    SandboxCard(
        number="4000008260003178",
        brand="Visa",
        does=N_("Asks for confirmation, then not enough balance"),
        challenge=True,
        decline_code="insufficient_funds",
    ),
    SandboxCard(number="4000000000000077", brand="Visa", does=N_("Takes a while, then succeeds"), delayed=True),
    _visa("4000000000000002", N_("Declined, no reason given"), "generic_decline"),
    _visa("4000000000009995", N_("Declined: not enough balance"), "insufficient_funds"),
    _visa("4000000000009987", N_("Declined: reported lost"), "lost_card"),
    _visa("4000000000009979", N_("Declined: reported stolen"), "stolen_card"),
    _visa("4000000000000069", N_("Declined: expired"), "expired_card"),
    _visa("4000000000000127", N_("Declined: wrong security code"), "incorrect_cvc"),
    _visa("4000000000000119", N_("Declined: processing error"), "processing_error"),
    SandboxCard(number="4000000000007726", brand="Visa", does=N_("Succeeds; a refund takes a while"), refund="pending"),
    SandboxCard(
        number="4000000000005126", brand="Visa", does=N_("Succeeds; a refund fails later"), refund="fails_later"
    ),
)

BY_NUMBER: Final[Mapping[str, SandboxCard]] = {card.number: card for card in CARDS}


class CardForm(msgspec.Struct, frozen=True, kw_only=True):
    """What the payer typed, spaces and all."""

    number: str = ""
    expiry: str = ""
    cvc: str = ""

    def __repr__(self) -> str:
        return "CardForm(…)"


def read_card(form: CardForm, today: date) -> tuple[SandboxCard | None, dict[str, str]]:
    """The card, or what is wrong, field by field (message ids). A real card number is refused, not charged."""
    number = re.sub(r"[\s-]", "", form.number)
    errors = {
        field: problem
        for field, problem in (
            ("number", _number_problem(number)),
            ("expiry", _expiry_problem(form.expiry, today)),
            ("cvc", _cvc_problem(form.cvc.strip(), 4 if number.startswith(("34", "37")) else 3)),
        )
        if problem
    }
    return (None, errors) if errors else (BY_NUMBER[number], {})


def luhn(number: str) -> bool:
    """Source: ISO/IEC 7812-1, annex B."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _number_problem(number: str) -> str:
    if not number:
        return N_("Enter the card number.")
    if not re.fullmatch(r"[0-9]{12,19}", number):
        return N_("A card number has 12 to 19 digits.")
    if not luhn(number):
        return N_("This card number has a typing mistake. Check the digits.")
    if number not in BY_NUMBER:
        return N_("This is a sandbox and takes test cards only. Choose one from the list below.")
    return ""


def _expiry_problem(expiry: str, today: date) -> str:
    match = re.fullmatch(r"\s*([0-9]{1,2})\s*[/\- ]?\s*(?:20)?([0-9]{2})\s*", expiry)
    if not match:
        return N_("Enter the expiry date as month and year, for example 04 / 30.")
    month, year = int(match[1]), 2000 + int(match[2])
    if not 1 <= month <= 12:
        return N_("The month of the expiry date is between 01 and 12.")
    if (year, month) < (today.year, today.month):
        return N_("This card has expired. Enter a date in the future.")
    if year > today.year + 50:
        return N_("This expiry date is too far ahead.")
    return ""


def _cvc_problem(cvc: str, digits: int) -> str:
    if re.fullmatch(rf"[0-9]{{{digits}}}", cvc):
        return ""
    if digits == 4:
        return N_("Enter the 4-digit security code from the front of the card.")
    return N_("Enter the 3-digit security code from the back of the card.")
