"""Words for people go through here. English is the message id; catalogs come with the languages."""


def _(message: str, /, **values: object) -> str:
    """``_("Hello {name}", name=name)``."""
    return message.format(**values) if values else message


def ngettext(one: str, many: str, n: int, /, **values: object) -> str:
    """``ngettext("{n} lesson", "{n} lessons", n)``."""
    return (one if n == 1 else many).format(n=n, **values)
