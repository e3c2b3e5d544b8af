"""Where a payment goes: the school's rules, matched with the accounts that are configured. (PAYM-01, PAYM-14)"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

import msgspec
import structlog

from domain.billing.payment import CheckoutMode
from domain.billing.routing import PAYMENTS, PaymentRouting, read_payment_routing
from domain.country import country_of_phone
from domain.errors import Invalid, NotFound
from domain.identity.user import User
from ports.billing.gateway import Gateways, PaymentGateway
from ports.unit_of_work import UnitOfWork

CountryOfZone = Callable[[str], str]
"""The country that a time zone lies in, "" where that is not one."""
log: Final = structlog.get_logger("billing")


class Route(msgspec.Struct, frozen=True):
    gateway: PaymentGateway
    mode: CheckoutMode


def payer_country(payer: User, country_of_zone: CountryOfZone) -> str:
    """What he has told, else what his telephone number or his time zone tells; "" where nothing does."""
    return payer.country or country_of_phone(payer.phone) or country_of_zone(payer.zone)


async def routing_in(unit: UnitOfWork, now: datetime) -> PaymentRouting:
    return read_payment_routing(await unit.policies.current(PAYMENTS, now))


def route(routing: PaymentRouting, gateways: Gateways, *, country: str, currency: str) -> Route:
    """A rule whose account is not configured any more is passed over, and said so in the log. Raises NotFound where no
    account is configured at all.
    """
    for rule in routing.fitting(country, currency):
        try:
            gateway = gateways.get(rule.provider, rule.account)
        except NotFound:
            log.warning("payment_rule_without_account", provider=rule.provider, account=rule.account)
            continue
        wanted = rule.mode if rule.mode in gateway.modes else None
        return Route(gateway, wanted or _usual(gateway))
    for gateway in gateways.all():
        return Route(gateway, _usual(gateway))
    raise NotFound("no account takes payments in {currency}", currency=currency)


def require_accounts(routing: PaymentRouting, gateways: Gateways) -> None:
    """Raises Invalid for a rule that names what is not configured, or a mode that its provider does not have."""
    for place, rule in enumerate(routing.rules):
        try:
            gateway = gateways.get(rule.provider, rule.account)
        except NotFound as error:
            raise Invalid(
                "there is no account {account} at {provider}; there are: {known}",
                field=f"rules[{place}].account",
                account=rule.account,
                provider=rule.provider,
                known=", ".join(f"{each.provider}/{each.account}" for each in gateways.all()),
            ) from error
        if rule.mode is not None and rule.mode not in gateway.modes:
            raise Invalid(
                "{provider} has no checkout of the kind {mode}",
                field=f"rules[{place}].mode",
                provider=rule.provider,
                mode=rule.mode.value,
            )


def _usual(gateway: PaymentGateway) -> CheckoutMode:
    return next(mode for mode in CheckoutMode if mode in gateway.modes)
