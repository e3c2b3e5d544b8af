"""Where the server itself asks something of another machine. None of these addresses is told by a visitor. (OPS-10)

There is no avatar to fetch and no webhook of ours to call: a new line below is a new way for somebody to make us ask
inside our own network, and needs a reason.
"""

import ast
from pathlib import Path
from typing import Final

from domain.scheduling.meeting_server import MeetingServer

SRC: Final = Path(__file__).parents[2] / "src"
CLIENTS: Final = frozenset(
    {"httpx", "aiohttp", "requests", "urllib3", "smtplib", "aiosmtplib", "ftplib", "obstore", "http", "socket"}
)
CALLING: Final = {
    "adapters/calendars/feed.py": "published calendars, at addresses that Qaris tell, through outgoing/public.py",
    "adapters/google/calendar.py": "hands answers of outgoing/http.py on",
    "adapters/google/guard.py": "reads answers of outgoing/http.py",
    "adapters/google/service.py": "Google, from HALAQA_PROVIDER_URLS or its own addresses",
    "entrypoints/container/google.py": "hands the client on",
    "adapters/messaging/push/gateway.py": "push services of browsers, from HALAQA_PUSH_HOSTS and no others",
    "adapters/messaging/email/smtp.py": "the mail server, from HALAQA_SMTP_URL",
    "adapters/error_reports.py": "the service of errors, from HALAQA_ERROR_DSN",
    "adapters/oidc.py": "sign-in providers, from HALAQA_OIDC_PROVIDERS",
    "adapters/messaging/whatsapp/line.py": "WhatsApp's provider, from HALAQA_PROVIDER_URLS",
    "adapters/outgoing/http.py": "on behalf of the adapters of providers, with addresses from the settings",
    "adapters/outgoing/public.py": "addresses that people tell us, on the public Internet alone, over TLS",
    "adapters/storage/object_store.py": "the bucket, from HALAQA_S3_*",
    "adapters/payments/razorpay/client.py": "Razorpay, from HALAQA_PROVIDER_URLS or its own address",
    "adapters/payments/razorpay/gateway.py": "hands the client on",
    "adapters/payments/stripe/client.py": "Stripe, from HALAQA_PROVIDER_URLS or its own address",
    "adapters/payments/sandbox/gateway.py": "the sandbox provider, from HALAQA_SANDBOX_URL",
    "adapters/payments/sandbox/courier.py": "the sandbox provider itself: calls the product, from its own settings",
    "adapters/payments/sandbox/server.py": "the sandbox provider itself",
    "entrypoints/children.py": "asks whether the product's own processes are up",
    "entrypoints/container/billing.py": "makes the client",
    "entrypoints/container/factors.py": "makes the client",
    "adapters/meetings/zoom/client.py": "Zoom, from HALAQA_PROVIDER_URLS or its own addresses",
    "entrypoints/container/meetings.py": "hands the client on",
    "entrypoints/container/push.py": "hands the client on",
    "entrypoints/container/razorpay.py": "hands the client on",
    "entrypoints/container/stripe.py": "hands the client on",
    "entrypoints/container/shared.py": "makes the clients",
    "entrypoints/container/whatsapp.py": "hands on the client",
    "entrypoints/container/zoom.py": "hands the client on",
    "entrypoints/embedded/valkey.py": "looks whether a port is free",
    "entrypoints/operations.py": "asks the sandbox provider, from the command line",
    "entrypoints/sandbox.py": "the sandbox provider itself",
    "entrypoints/seed/plant.py": "the demo school pays through the product's own pages",
    "entrypoints/serve.py": "listens on a socket that it is given",
    "entrypoints/supervisor.py": "looks whether a port is free",
    "entrypoints/worker.py": "the name of this machine",
}


def modules_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
    return found


def test_who_asks_other_machines_is_known_by_name() -> None:
    calling = set()
    for path in SRC.rglob("*.py"):
        modules = {name for name in modules_of(path) if name not in {"http.cookies", "http"}}
        if any(name.partition(".")[0] in CLIENTS or name == "urllib.request" for name in modules):
            calling.add(str(path.relative_to(SRC)))

    assert calling == set(CALLING)


def test_no_layer_below_the_adapters_can_ask_anybody() -> None:
    """Use cases speak to ports, so an address in a command stays a piece of text."""
    assert not [name for name in CALLING if name.startswith(("domain/", "ports/", "application/"))]


def test_the_one_address_that_staff_can_set_is_shown_to_browsers_and_never_asked() -> None:
    # ADM-06: the meeting server of the school
    assert "server_url" in MeetingServer.__struct_fields__

    users = {
        str(path.relative_to(SRC))
        for path in SRC.rglob("*.py")
        if "server_url" in path.read_text("utf-8") and path.name != "meeting_server.py"
    }

    assert not users & set(CALLING)
