"""Razorpay: orders, its own checkout page reached by a plain form of ours, refunds, webhooks. (PAYM-01)"""
