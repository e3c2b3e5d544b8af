"""PostgreSQL and Valkey from wheels, started beside the product. See docs/decisions/0002-embedded-runtime.md."""
