"""The door for the school's staff."""

from litestar import Litestar

from domain.identity.permission import Audience
from entrypoints.application import create
from entrypoints.settings import Settings


def create_admin(settings: Settings) -> Litestar:
    return create(settings, Audience.ADMIN)
