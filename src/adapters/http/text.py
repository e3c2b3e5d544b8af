"""Words for people go through here; see ``adapters.languages``."""

from adapters.languages.text import N_, _, comma, digits, ngettext, word

__all__ = ["N_", "_", "comma", "digits", "ngettext", "word"]
