"""The door for students, guardians and Qaris."""

from litestar import Litestar

from domain.identity.permission import Audience
from entrypoints.application import create
from entrypoints.settings import Settings


def create_main(settings: Settings) -> Litestar:
    return create(settings, Audience.MAIN)
