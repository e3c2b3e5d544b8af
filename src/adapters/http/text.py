"""Words for people go through here. English is the message id; catalogs come with the languages."""


def _(message: str, /, **values: object) -> str:
    """``_("Hello {name}", name=name)``."""
    return message.format(**values) if values else message
