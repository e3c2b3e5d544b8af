"""Razorpay's reasons for a failed payment, in the words of domain.billing.decline. (PAYM-25)

Source: Razorpay docs, "Error reasons" and "Cards error codes". It does not tell a lost card from a blocked one.
"""

from collections.abc import Mapping
from typing import Final

from domain.billing.decline import DECLINES, GENERIC

_WORDS: Final[Mapping[str, str]] = {
    "payment_declined": GENERIC,
    "card_declined": GENERIC,
    "payment_failed": GENERIC,
    "payment_risk_check_failed": "fraudulent",
    "debit_instrument_blocked": "restricted_card",
    "debit_instrument_inactive": "invalid_account",
    "bank_account_invalid": "invalid_account",
    "insufficient_fund": "insufficient_funds",
    "insufficient_funds": "insufficient_funds",
    "transaction_limit_exceeded": "card_velocity_exceeded",
    "transaction_daily_limit_exceeded": "card_velocity_exceeded",
    "transaction_daily_count_exceeded": "withdrawal_count_limit_exceeded",
    "card_expired": "expired_card",
    "incorrect_card_expiry_date": "invalid_expiry_year",
    "incorrect_card_details": "incorrect_number",
    "card_number_invalid": "incorrect_number",
    "incorrect_cvv": "incorrect_cvc",
    "incorrect_pin": "incorrect_pin",
    "pin_attempts_exceeded": "pin_try_exceeded",
    "incorrect_otp": "authentication_failed",
    "invalid_otp": "authentication_failed",
    "otp_expired": "authentication_failed",
    "otp_attempts_exceeded": "authentication_failed",
    "authentication_failed": "authentication_failed",
    "card_not_enrolled": "card_not_supported",
    "card_type_invalid": "card_not_supported",
    "international_transaction_not_allowed": "card_not_supported",
    "transaction_not_permitted": "transaction_not_allowed",
    "currency_not_supported": "currency_not_supported",
    "amount_less_than_minimum_amount": "invalid_amount",
    "payment_cancelled": "payment_cancelled",
    "payment_timed_out": "payment_timed_out",
    "payment_session_expired": "payment_timed_out",
    "payment_collect_request_expired": "payment_timed_out",
    "invalid_vpa": "invalid_upi_id",
    "vpa_resolution_failed": "invalid_upi_id",
    "bank_technical_error": "issuer_not_available",
    "issuer_technical_error": "issuer_not_available",
    "gateway_technical_error": "processing_error",
    "server_error": "gateway_error",
}


def decline_code(reason: str | None, error_code: str | None) -> str:
    """A reason that is not listed is a fault of the service's or a plain refusal, by the class of its error."""
    known = _WORDS.get(reason or "")
    if known is not None:
        return known
    if reason in DECLINES:
        return str(reason)
    return "gateway_error" if error_code in ("GATEWAY_ERROR", "SERVER_ERROR") else GENERIC
