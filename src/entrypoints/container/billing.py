"""Checkouts, payments, refunds, the ledger, the inbox of webhooks."""

from typing import Any

import httpx
from dependency_injector import containers, providers

from adapters.languages.territories import country_of_zone
from adapters.outgoing.guard import Trouble
from adapters.payments.accounts import Accounts
from adapters.payments.sandbox.gateway import SandboxGateway
from adapters.persistence.billing.earning_queries import SqlEarningQueries
from adapters.persistence.billing.ledger_queries import SqlLedgerQueries
from adapters.persistence.billing.payment_queries import SqlPaymentQueries
from adapters.persistence.billing.webhook_queries import SqlWebhookQueries
from application.billing import subscriptions
from application.billing.check_payment import CheckPayment
from application.billing.check_providers import CheckProviders
from application.billing.close_checkout import CloseCheckout, CloseCheckoutOnEnd
from application.billing.earn import Earn
from application.billing.failed_refund import PayRefundOtherwise, RetryRefund
from application.billing.match_books import ExplainFinding, MatchBooks, SeeFinding
from application.billing.pay_here import OpenPaymentPage, PayOnTheirPage
from application.billing.process_webhooks import ProcessWebhooks
from application.billing.receive_webhook import ReceiveWebhook
from application.billing.refund_rules import RefundCancelled, RefundTeacherNoShow, RefundTooLate
from application.billing.replay_webhook import ReplayWebhook
from application.billing.request_refund import PreviewRefund, RequestRefund
from application.billing.routing import require_accounts
from application.billing.see_money import (
    CountWebhooks,
    ListMyPayments,
    ListPayments,
    ListWebhooks,
    SeeMyEarnings,
    SeePayment,
    SeeWebhook,
)
from application.billing.settle_payment import SettlePayment
from application.billing.start_checkout import StartCheckout
from application.billing.submit_refunds import SubmitRefunds
from application.billing.sweep_payments import SweepPayments
from application.billing.take_return import TakeReturn
from application.billing.verify_ledger import VerifyLedger
from application.oversight.settings import Checks
from domain.billing.routing import PAYMENTS
from entrypoints.container.razorpay import razorpay_gateways
from entrypoints.container.stripe import stripe_gateways
from entrypoints.settings import Settings
from ports.billing.gateway import Gateways
from ports.budget import Budget
from ports.clock import Clock


def accounts_of(
    settings: Settings, client: httpx.AsyncClient, budget: Budget, troubles: Trouble, clock: Clock
) -> Accounts:
    """Every configured account of every provider; the first one takes new payments."""
    return Accounts(
        [
            *stripe_gateways(settings, client, budget, troubles, clock),
            *razorpay_gateways(settings, client, budget, troubles, clock),
            *(
                SandboxGateway(
                    settings.sandbox_url,
                    settings.sandbox_secret_key,
                    settings.sandbox_webhook_secrets,
                    account,
                    client,
                )
                for account in settings.sandbox_accounts
            ),
        ]
    )


def _settings_checks(gateways: Gateways) -> Checks:
    return {PAYMENTS: lambda routing: require_accounts(routing, gateways)}


class BillingContainer(containers.DeclarativeContainer):
    settings: providers.Dependency[Settings] = providers.Dependency()
    academy_url: providers.Dependency[Any] = providers.Dependency()
    new_unit: providers.Dependency[Any] = providers.Dependency()
    clock: providers.Dependency[Any] = providers.Dependency()
    heavy_work: providers.Dependency[Any] = providers.Dependency()
    new_id: providers.Dependency[Any] = providers.Dependency()
    engine: providers.Dependency[Any] = providers.Dependency()
    wakeup: providers.Dependency[Any] = providers.Dependency()
    http_client: providers.Dependency[httpx.AsyncClient] = providers.Dependency()
    budget: providers.Dependency[Any] = providers.Dependency()
    troubles: providers.Dependency[Any] = providers.Dependency()

    gateways = providers.Singleton(accounts_of, settings, http_client, budget, troubles, clock)
    settings_checks = providers.Singleton(_settings_checks, gateways)
    payment_queries = providers.Singleton(SqlPaymentQueries, engine)
    webhook_queries = providers.Singleton(SqlWebhookQueries, engine)
    earning_queries = providers.Singleton(SqlEarningQueries, engine)
    ledger_queries = providers.Singleton(SqlLedgerQueries, engine)

    start_checkout = providers.Factory(
        StartCheckout, new_unit, clock, gateways, academy_url, providers.Object(country_of_zone)
    )
    settle_payment = providers.Factory(SettlePayment, new_unit, clock, new_id, gateways)
    take_return = providers.Factory(TakeReturn, new_unit, gateways, settle_payment)
    close_checkout = providers.Factory(CloseCheckout, new_unit, gateways, settle_payment)
    check_payment = providers.Factory(CheckPayment, new_unit, settle_payment, budget)
    open_payment_page = providers.Factory(OpenPaymentPage, new_unit, clock, gateways)
    pay_on_their_page = providers.Factory(PayOnTheirPage, new_unit, clock, gateways, settle_payment)
    sweep_payments = providers.Factory(SweepPayments, new_unit, clock, settle_payment, close_checkout)
    receive_webhook = providers.Factory(ReceiveWebhook, new_unit, clock, new_id, gateways, wakeup)
    process_webhooks = providers.Factory(ProcessWebhooks, new_unit, clock, new_id, gateways)
    replay_webhook = providers.Factory(ReplayWebhook, new_unit, clock, wakeup)
    preview_refund = providers.Factory(PreviewRefund, new_unit, gateways)
    request_refund = providers.Factory(RequestRefund, new_unit, clock, wakeup, gateways)
    retry_refund = providers.Factory(RetryRefund, new_unit, clock, wakeup)
    pay_refund_otherwise = providers.Factory(PayRefundOtherwise, new_unit, clock, new_id)
    submit_refunds = providers.Factory(SubmitRefunds, new_unit, clock, new_id, gateways)
    match_books = providers.Factory(MatchBooks, new_unit, clock, new_id, gateways, ledger_queries, settle_payment)
    see_finding = providers.Factory(SeeFinding, new_unit)
    explain_finding = providers.Factory(ExplainFinding, new_unit)
    verify_ledger = providers.Factory(VerifyLedger, ledger_queries, gateways, clock, heavy_work)

    check_providers = providers.Factory(CheckProviders, gateways, clock)
    list_my_payments = providers.Factory(ListMyPayments, payment_queries)
    see_payment = providers.Factory(SeePayment, payment_queries)
    list_payments = providers.Factory(ListPayments, payment_queries)
    see_my_earnings = providers.Factory(SeeMyEarnings, earning_queries)
    list_webhooks = providers.Factory(ListWebhooks, webhook_queries)
    count_webhooks = providers.Factory(CountWebhooks, webhook_queries)
    see_webhook = providers.Factory(SeeWebhook, webhook_queries)

    handlers = providers.Dict(
        {
            subscriptions.REFUND_CANCELLED: providers.Factory(RefundCancelled, new_unit, clock, wakeup, gateways),
            subscriptions.REFUND_TOO_LATE: providers.Factory(RefundTooLate, new_unit, clock, wakeup, gateways),
            subscriptions.REFUND_TEACHER_NO_SHOW: providers.Factory(
                RefundTeacherNoShow, new_unit, clock, wakeup, gateways
            ),
            subscriptions.EARN: providers.Factory(Earn, new_unit, clock, new_id),
            subscriptions.CLOSE_CHECKOUT: providers.Factory(CloseCheckoutOnEnd, new_unit, close_checkout),
        }
    )
