"""Why a payment did not go through, in plain words, and what to do about it. (PAYM-25)

The codes are Stripe's; other providers' adapters translate theirs into these. The sentences are message ids: whoever
shows them passes them through ``_()``. A payer is never told that a card is thought stolen: the bank has its reasons
not to warn a thief. Source: Stripe docs, "Decline codes"; Razorpay docs, "Payment error reasons".
"""

from collections.abc import Mapping
from typing import Final

import msgspec


def _(message: str) -> str:
    """Marks a message id for the catalogs; translated where it is shown."""
    return message


class Decline(msgspec.Struct, frozen=True, kw_only=True):
    """``cause`` and ``payer`` are for the payer, ``staff`` for those who help. ``retry``: the same card may work."""

    cause: str
    payer: str
    staff: str
    retry: bool = False


_ASK_BANK: Final = _("Please ask your bank, or pay with another card.")
_OTHER_CARD: Final = _("Please pay with another card.")
_AGAIN: Final = _("Please try again in a few minutes.")
_CHECK: Final = _("Please check what you entered and try again.")
_BANK_SAID_NO: Final = _("Your bank did not allow this payment.")
_ASK_THE_BANK: Final = _("Only the payer's bank knows why. Ask the payer to call it, or to use another card.")
_DO_NOT_TELL: Final = _("Treat as a plain refusal; do not tell the payer the reason. Watch for further tries.")
_SLIP: Final = _("A slip at the keyboard. The payer can try again at once.")
_PASSING: Final = _("A passing fault at the bank or network. It usually works later; nothing is wrong with the payer.")
_OUR_SIDE: Final = _("The fault is in our set-up with the provider. Tell the administrators.")


def _bank(cause: str = _BANK_SAID_NO, *, staff: str = _ASK_THE_BANK) -> Decline:
    return Decline(cause=cause, payer=_ASK_BANK, staff=staff)


def _slip(cause: str) -> Decline:
    return Decline(cause=cause, payer=_CHECK, staff=_SLIP, retry=True)


def _passing(cause: str) -> Decline:
    return Decline(cause=cause, payer=_AGAIN, staff=_PASSING, retry=True)


GENERIC: Final = "generic_decline"
DECLINES: Final[Mapping[str, Decline]] = {
    GENERIC: _bank(),
    "do_not_honor": _bank(),
    "do_not_try_again": _bank(),
    "no_action_taken": _bank(),
    "not_permitted": _bank(),
    "transaction_not_allowed": _bank(_("Your bank does not allow this kind of payment with this card.")),
    "service_not_allowed": _bank(_("Your bank does not allow this kind of payment with this card.")),
    "call_issuer": _bank(_("Your bank wants to speak to you before it allows this payment.")),
    "security_violation": _bank(),
    "revocation_of_authorization": _bank(_("Your bank has been told to stop payments to us with this card.")),
    "revocation_of_all_authorizations": _bank(_("Your bank has been told to stop all such payments with this card.")),
    "stop_payment_order": _bank(_("Your bank has been told to stop this payment.")),
    "restricted_card": _bank(staff=_DO_NOT_TELL),
    "fraudulent": _bank(staff=_DO_NOT_TELL),
    "lost_card": _bank(staff=_DO_NOT_TELL),
    "stolen_card": _bank(staff=_DO_NOT_TELL),
    "pickup_card": _bank(staff=_DO_NOT_TELL),
    "merchant_blacklist": _bank(staff=_DO_NOT_TELL),
    "insufficient_funds": Decline(
        cause=_("There is not enough money on this card or account."),
        payer=_("Please pay with another card, or try again when there is enough money."),
        staff=_("The payer knows best when to try again. Offer to keep the lesson time a little longer."),
        retry=True,
    ),
    "card_velocity_exceeded": Decline(
        cause=_("The card has reached its limit for the number or the sum of payments."),
        payer=_("Please pay with another card, or ask your bank to raise the limit."),
        staff=_("A limit of the card, not of ours. It may work again tomorrow."),
        retry=True,
    ),
    "withdrawal_count_limit_exceeded": Decline(
        cause=_("The card has reached its limit for the number or the sum of payments."),
        payer=_("Please pay with another card, or ask your bank to raise the limit."),
        staff=_("A limit of the card, not of ours. It may work again tomorrow."),
        retry=True,
    ),
    "expired_card": Decline(
        cause=_("This card has expired."),
        payer=_OTHER_CARD,
        staff=_("The payer needs another card, or the new one that his bank has sent."),
    ),
    "card_not_supported": Decline(
        cause=_("This card cannot be used for this payment."),
        payer=_OTHER_CARD,
        staff=_("Often a card for use at home only, or one that is closed for the internet."),
    ),
    "currency_not_supported": Decline(
        cause=_("This card cannot pay in this currency."),
        payer=_OTHER_CARD,
        staff=_(
            "Ask for a card that is open for payments abroad, or offer a Qari with prices in the payer's currency."
        ),
    ),
    "new_account_information_available": Decline(
        cause=_("The card's details have changed."),
        payer=_("Please enter the details of your new card."),
        staff=_("The bank has issued a new card."),
    ),
    "invalid_account": _bank(_("The account behind this card cannot be charged.")),
    "testmode_decline": Decline(
        cause=_("This is a card for tests only."),
        payer=_("Please pay with a real card."),
        staff=_("Somebody tried a test card."),
    ),
    "live_mode_test_card": Decline(
        cause=_("This is a card for tests only."),
        payer=_("Please pay with a real card."),
        staff=_("Somebody tried a test card."),
    ),
    "incorrect_number": _slip(_("The card number is not right.")),
    "invalid_number": _slip(_("The card number is not right.")),
    "incorrect_cvc": _slip(_("The security code is not right.")),
    "invalid_cvc": _slip(_("The security code is not right.")),
    "invalid_expiry_month": _slip(_("The expiry date is not right.")),
    "invalid_expiry_year": _slip(_("The expiry date is not right.")),
    "incorrect_zip": _slip(_("The postal code does not match the one your bank knows.")),
    "incorrect_address": _slip(_("The address does not match the one your bank knows.")),
    "incorrect_pin": _slip(_("The PIN is not right.")),
    "invalid_pin": _slip(_("The PIN is not right.")),
    "pin_try_exceeded": _bank(_("The PIN was wrong too many times.")),
    "invalid_upi_id": _slip(_("The UPI address is not right.")),
    "invalid_amount": Decline(
        cause=_("Your bank did not accept this amount."),
        payer=_ASK_BANK,
        staff=_("Above what the card may pay at once, or below what it may pay at all."),
    ),
    "authentication_required": Decline(
        cause=_("Your bank wants you to confirm this payment."),
        payer=_("Please try again and confirm the payment when your bank asks you to."),
        staff=_("The confirmation (3-D Secure) was not finished. The payer can try again at once."),
        retry=True,
    ),
    "authentication_failed": Decline(
        cause=_("The confirmation with your bank did not work."),
        payer=_("Please try again and confirm the payment when your bank asks you to, or pay with another card."),
        staff=_("The confirmation (3-D Secure) was refused or timed out."),
        retry=True,
    ),
    "offline_pin_required": Decline(
        cause=_("This card wants its PIN, which cannot be asked for here."), payer=_OTHER_CARD, staff=_ASK_THE_BANK
    ),
    "online_or_offline_pin_required": Decline(
        cause=_("This card wants its PIN, which cannot be asked for here."), payer=_OTHER_CARD, staff=_ASK_THE_BANK
    ),
    "payment_cancelled": Decline(
        cause=_("The payment was cancelled before it was done."),
        payer=_("You can try again while the time is kept for you."),
        staff=_("The payer left the payment page or said no in the banking app."),
        retry=True,
    ),
    "payment_timed_out": Decline(
        cause=_("The payment was not confirmed in time."),
        payer=_("You can try again while the time is kept for you."),
        staff=_("The payer did not answer the request of the banking app in time."),
        retry=True,
    ),
    "duplicate_transaction": Decline(
        cause=_("A payment of the same amount was made a moment ago."),
        payer=_("Please look at your payments before you try again."),
        staff=_("Check whether the first one came through before the payer tries again."),
    ),
    "approve_with_id": _passing(_("The payment could not be approved just now.")),
    "issuer_not_available": _passing(_("Your bank cannot be reached just now.")),
    "processing_error": _passing(_("Something went wrong while the payment was made.")),
    "reenter_transaction": _passing(_("Your bank could not work on the payment.")),
    "try_again_later": _passing(_("Your bank could not work on the payment.")),
    "gateway_error": _passing(_("The payment service had a fault.")),
    "account_misconfigured": Decline(
        cause=_("The payment could not be made because of a fault on our side."), payer=_AGAIN, staff=_OUR_SIDE
    ),
}


def explain(code: str | None) -> Decline:
    """Codes that nobody has told us of are a plain refusal."""
    return DECLINES.get(code or GENERIC, DECLINES[GENERIC])


def plain_words(code: str | None) -> str:
    """The cause as one message id, for the payer."""
    return explain(code).cause


def next_step(code: str | None) -> str:
    """What the payer can do, as one message id."""
    return explain(code).payer
