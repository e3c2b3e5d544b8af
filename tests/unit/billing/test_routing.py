"""Where a payment goes: country and currency of the payer, the school's rules, what is configured. (PAYM-01)"""

from typing import Any, cast

import msgspec
import pytest

from adapters.languages.territories import countries, country_of_zone
from adapters.payments.accounts import Accounts
from application.billing.check_providers import CheckProviders
from application.billing.routing import payer_country, require_accounts, route
from application.oversight.settings import ChangeSettings, RevertSettings, checked
from domain.billing.payment import CheckoutMode
from domain.billing.routing import PAYMENTS, PaymentRouting, RoutingRule
from domain.country import country_of_phone
from domain.errors import Invalid, NotFound
from domain.identity.actor import Actor
from domain.identity.permission import Audience, Role
from fakes.booking import LEARNER, a_booking
from fakes.clock import FixedClock
from fakes.gateway import FakeGateway
from fakes.identity import a_user
from fakes.till import Till
from ports.billing.gateway import GatewayRefused, PaymentGateway
from support.family import put_policy

ADMIN = Actor(user_id=LEARNER, role=Role.ADMIN, audience=Audience.ADMIN)
SANDBOX = FakeGateway(account="school")
INDIA = FakeGateway(provider="razorpay", account="india")
GLOBAL = FakeGateway(provider="stripe", account="global")
GLOBAL.modes = frozenset(CheckoutMode)
ACCOUNTS = Accounts([cast(PaymentGateway, each) for each in (SANDBOX, INDIA, GLOBAL)])


def rule(country: str = "", currency: str = "", to: str = "razorpay/india", mode: Any = None) -> RoutingRule:
    provider, account = to.split("/")
    return RoutingRule(country=country, currency=currency, provider=provider, account=account, mode=mode)


RULES = PaymentRouting(
    rules=(
        rule("IN", "INR"),
        rule("GB", to="stripe/global", mode=CheckoutMode.EMBEDDED),
        rule("", "USD", to="stripe/global"),
    )
)


@pytest.mark.parametrize(
    ("country", "currency", "taken_by", "mode"),
    [
        ("IN", "INR", "razorpay", CheckoutMode.HOSTED),
        ("IN", "USD", "stripe", CheckoutMode.HOSTED),
        ("GB", "GBP", "stripe", CheckoutMode.EMBEDDED),
        ("", "USD", "stripe", CheckoutMode.HOSTED),
        ("PK", "PKR", "sandbox", CheckoutMode.HOSTED),
        ("", "INR", "sandbox", CheckoutMode.HOSTED),
    ],
)
def test_the_first_rule_that_fits_decides(country: str, currency: str, taken_by: str, mode: CheckoutMode) -> None:
    found = route(RULES, ACCOUNTS, country=country, currency=currency)

    assert (found.gateway.provider, found.mode) == (taken_by, mode)  # PAYM-01, PAYM-09


def test_without_rules_everything_stays_as_it_was() -> None:
    assert route(PaymentRouting(), ACCOUNTS, country="IN", currency="INR").gateway.account == "school"
    with pytest.raises(NotFound):
        route(PaymentRouting(), Accounts([]), country="IN", currency="INR")


def test_a_rule_whose_account_is_gone_is_passed_over() -> None:
    rules = PaymentRouting(rules=(rule("IN", to="razorpay/closed"), rule("IN", to="stripe/global")))

    assert route(rules, ACCOUNTS, country="IN", currency="INR").gateway.provider == "stripe"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (rule("IN", to="razorpay/nobody"), "rules[0].account"),
        (rule("IN", to="paypal/india"), "rules[0].account"),
        (rule("IN", mode=CheckoutMode.DIRECT), "rules[0].mode"),
    ],
)
def test_a_rule_names_an_account_and_a_way_that_are_there(wrong: RoutingRule, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        require_accounts(PaymentRouting(rules=(wrong,)), ACCOUNTS)

    assert refused.value.details["field"] == field


@pytest.mark.parametrize(
    "row",
    [
        {"country": "India", "provider": "razorpay", "account": "india"},
        {"country": "in", "provider": "razorpay", "account": "india"},
        {"currency": "XXX", "provider": "razorpay", "account": "india"},
        {"country": "IN"},
        {"country": "IN", "provider": "razorpay", "account": "india", "mode": "telepathy"},
    ],
)
def test_nonsense_is_no_rule(row: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        checked(PAYMENTS, {"rules": [row]})


async def test_rules_are_held_against_the_accounts_when_they_are_saved_and_when_they_come_back() -> None:  # ADM-06
    till = Till()
    accounts = [ACCOUNTS]
    checks = {PAYMENTS: lambda value: require_accounts(value, accounts[0])}
    change, revert = ChangeSettings(till.unit, till.clock, checks), RevertSettings(till.unit, till.clock, checks)
    rules = PaymentRouting(rules=(rule("IN"),))

    with pytest.raises(Invalid):
        await change(ADMIN, PAYMENTS, PaymentRouting(rules=(rule(to="stripe/us"),)), based_on=0, reason="a slip")
    first = await change(ADMIN, PAYMENTS, rules, based_on=0, reason="India pays in India")
    second = await change(ADMIN, PAYMENTS, PaymentRouting(), based_on=first.version, reason="not yet")
    accounts[0] = Accounts([cast(PaymentGateway, SANDBOX)])

    with pytest.raises(Invalid):
        await revert(ADMIN, PAYMENTS, first.version, based_on=second.version, reason="again")


@pytest.mark.parametrize(
    ("told", "phone", "zone", "country"),
    [
        ("PK", "+91 98200 12345", "Asia/Kolkata", "PK"),
        ("", "+91 98200 12345", "Europe/London", "IN"),
        ("", "0091 98200 12345", "Europe/London", "IN"),
        ("", "098200 12345", "Asia/Kolkata", "IN"),
        ("", "+1 202 555 0100", "America/Toronto", "CA"),
        ("", None, "Asia/Calcutta", "IN"),
        ("", None, "UTC", ""),
    ],
)
def test_the_payers_country_is_what_he_says_then_his_number_then_his_zone(
    told: str, phone: str | None, zone: str, country: str
) -> None:
    payer = a_user(country=told, phone=phone, zone=zone)

    assert payer_country(payer, country_of_zone) == country


def test_numbers_tell_their_country_only_with_its_code() -> None:
    assert [country_of_phone(number) for number in ("+20 2 1234567", "+971 4 123", "+7 495 123", "", "+999 1")] == [
        "EG", "AE", "", "", "",
    ]  # fmt: skip
    assert {name for code, name in countries("ur") if code == "PK"} == {"پاکستان"}


async def test_a_checkout_goes_where_the_rules_say_and_remembers_why() -> None:
    till, booking = Till(), a_booking()
    user = till.store.shelf("users")[LEARNER]
    till.store.shelf("users")[LEARNER] = msgspec.structs.replace(user, country="IN", version=user.version)
    rules = PaymentRouting(rules=(RoutingRule(country="IN", provider="sandbox", account="other"),))
    await put_policy(till.unit, PAYMENTS, rules)

    payment = await till.checkout(booking)
    await put_policy(till.unit, PAYMENTS, PaymentRouting())
    again = await till.checkout(till.booking(booking.id), number=1)

    assert (payment.account, payment.terms.country, payment.terms.mode) == ("other", "IN", CheckoutMode.HOSTED)
    assert again.account == "other"  # PAYM-14: what has begun stays where it is


async def test_each_account_is_asked_whether_it_knows_our_keys() -> None:
    silent, wrong = FakeGateway(account="silent"), FakeGateway(account="wrong")
    silent.down = True

    async def refused(*_: Any) -> Any:
        raise GatewayRefused("sandbox/wrong", "no such key", "unauthorized")

    wrong.list_changed = refused  # type: ignore[assignment]
    accounts = Accounts([cast(PaymentGateway, each) for each in (GLOBAL, silent, wrong)])

    found = await CheckProviders(accounts, FixedClock())()

    assert [(each.account, each.answer) for each in found] == [
        ("global", "answers"), ("silent", "silent"), ("wrong", "refuses"),
    ]  # fmt: skip
    assert (found[0].modes, found[2].reason) == (("direct", "embedded", "hosted"), "unauthorized")
