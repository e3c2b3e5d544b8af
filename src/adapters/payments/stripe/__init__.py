"""Stripe: the ``PaymentGateway`` port over the official SDK, one gateway for each account. (PAYM-01, PAYM-14)"""
