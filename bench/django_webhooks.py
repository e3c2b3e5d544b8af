# mypy: disable-error-code="import-not-found"
"""Django with dj-stripe as its documentation sets it up, for ``bench_webhooks.py``; runs in ``.venv-bench``.

``python django_webhooks.py`` makes its tables and its endpoint; gunicorn serves ``django_webhooks:application``.
``DJ_DATABASE`` is a URL, ``DJ_PROVIDER`` where Stripe is. There is no code of a school behind it: no lesson, no ledger,
no outbox. So it does less than what it stands beside.
"""

import os
from urllib.parse import parse_qs, urlsplit

import django
from django.conf import settings
from django.core.management import call_command
from django.http import HttpResponse
from django.urls import include, path

DATABASE = urlsplit(os.environ["DJ_DATABASE"])
ENDPOINT = "01980000-0000-7000-8000-00000000dddd"
SECRET = "whsec_of_a_benchmark"  # noqa: S105 - of nobody

settings.configure(
    SECRET_KEY="of a benchmark",  # noqa: S106 - of nobody
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "djstripe"],
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": DATABASE.path[1:],
            "USER": DATABASE.username,
            "PASSWORD": DATABASE.password or "",
            "HOST": DATABASE.hostname or parse_qs(DATABASE.query)["host"][0],
            "PORT": DATABASE.port or "",
            "CONN_MAX_AGE": None,
        }
    },
    # Tables at once: to go through all migrations takes a minute, and leads to the same ones.
    MIGRATION_MODULES=dict.fromkeys(("contenttypes", "auth", "djstripe")),
    STRIPE_API_HOST=os.environ["DJ_PROVIDER"],
    STRIPE_TEST_SECRET_KEY="sk_test_" + "of0a0benchmark" * 2,
    STRIPE_LIVE_MODE=False,
    DJSTRIPE_FOREIGN_KEY_TO_FIELD="id",
    LOGGING={"version": 1, "disable_existing_loggers": True},
)
django.setup()

urlpatterns = [
    path("health/ready", lambda _: HttpResponse("{}")),
    path("stripe/", include("djstripe.urls", namespace="djstripe")),
]


def prepare() -> None:
    from djstripe.models import Account, WebhookEndpoint  # models need Django to be set up

    call_command("migrate", run_syncdb=True, verbosity=0)
    account = Account.get_or_retrieve_for_api_key(settings.STRIPE_TEST_SECRET_KEY)
    WebhookEndpoint.objects.create(
        id="we_bench", djstripe_uuid=ENDPOINT, secret=SECRET, djstripe_owner_account=account, livemode=False,
        enabled_events=["*"], status="enabled", url=f"https://example.org/stripe/webhook/{ENDPOINT}",
        api_version="2026-05-27.dahlia",
    )  # fmt: skip


if __name__ == "__main__":
    prepare()
else:
    from django.core.wsgi import get_wsgi_application

    application = get_wsgi_application()
