"""Words for people go through here; see ``adapters.languages``."""

from adapters.languages.text import N_, _, digits, ngettext, word

__all__ = ["N_", "_", "digits", "ngettext", "word"]
