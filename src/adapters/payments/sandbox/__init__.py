"""The built-in payment provider and our gateway to it.

``server`` is the provider: a service of its own, in its own process and its own PostgreSQL schema, with a JSON API,
a hosted checkout page and signed webhooks. ``gateway`` is what the product sees of it. The two share nothing but the
wire (``wire``) and the signature scheme (``signing``), as with any other provider. No real money is ever involved.
"""
