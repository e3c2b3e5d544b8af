"""``python -m adapters.payments.sandbox``: the provider alone, configured by SANDBOX_* variables.

SANDBOX_DATABASE_URL, SANDBOX_SECRET_KEY, SANDBOX_WEBHOOK_URL, SANDBOX_WEBHOOK_SECRETS (comma-separated); optional:
SANDBOX_ACCOUNT (main), SANDBOX_HOST (127.0.0.1), SANDBOX_PORT (8002), SANDBOX_PUBLIC_URL, SANDBOX_DELAYED_S,
SANDBOX_RETRY_BASE_S, SANDBOX_HANG_S.
"""

import os
import sys

import uvicorn

from adapters.payments.sandbox.config import SandboxConfig, WebhookEndpoint
from adapters.payments.sandbox.server import create_sandbox_app


def main() -> None:
    env = os.environ
    host, port = env.get("SANDBOX_HOST", "127.0.0.1"), int(env.get("SANDBOX_PORT", "8002"))
    try:
        config = SandboxConfig(
            database_url=env["SANDBOX_DATABASE_URL"],
            secret_key=env["SANDBOX_SECRET_KEY"],
            public_url=env.get("SANDBOX_PUBLIC_URL", f"http://{host}:{port}"),
            endpoints={
                env.get("SANDBOX_ACCOUNT", "main"): WebhookEndpoint(
                    url=env["SANDBOX_WEBHOOK_URL"], secrets=tuple(env["SANDBOX_WEBHOOK_SECRETS"].split(","))
                )
            },
            delayed_s=float(env.get("SANDBOX_DELAYED_S", "20")),
            retry_base_s=float(env.get("SANDBOX_RETRY_BASE_S", "2")),
            hang_s=float(env.get("SANDBOX_HANG_S", "30")),
        )
    except KeyError as error:
        sys.exit(f"the sandbox needs {error.args[0]}")
    except ValueError as error:
        sys.exit(str(error))
    uvicorn.run(
        create_sandbox_app(config),
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=3,
    )


if __name__ == "__main__":
    main()
