"""``python -m entrypoints.catalogs``: the words of the school in its languages. (L10N-01)

update            takes new sentences into the catalogs and drops those that nobody says any more
check             ends with code 1 and names every sentence that is missing, doubtful or has lost a {placeholder}
missing ur FILE   writes what one language lacks to a .po file of its own, for whoever translates it
merge ur FILE     takes such a file back
compile           makes what the running system reads; part of the set-up
"""

import sys
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from string import Formatter
from typing import Any, Final

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po

from adapters.languages.catalogs import DOMAIN, TRANSLATED, compiled, compiled_of, source_of

WIDTH: Final = 120
Say = Callable[[str], object]


def read(path: Path, lang: str) -> Catalog:
    return read_po(BytesIO(path.read_bytes()), locale=lang, domain=DOMAIN)


def write(path: Path, catalog: Catalog) -> None:
    """The same bytes for the same words: no line numbers, no dates."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written, fresh = BytesIO(), Catalog(locale=catalog.locale, domain=DOMAIN, project="Halaqa", charset="utf-8")
    for message in sorted((each for each in catalog if each.id), key=_order):
        places = sorted({place for place, _line in message.locations})
        flags = message.flags & {"fuzzy"}
        fresh.add(message.id, message.string, locations=[(place, 0) for place in places], flags=flags)
    write_po(written, fresh, width=WIDTH, include_lineno=False, omit_header=True)
    path.write_bytes(_header(fresh) + written.getvalue())


def _header(catalog: Catalog) -> bytes:
    lines = [
        "Language: " + str(catalog.locale),
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
        f"Plural-Forms: {catalog.plural_forms}",
    ]
    body = "".join(f'"{line}\\n"\n' for line in lines)
    return f'msgid ""\nmsgstr ""\n{body}\n'.encode()


def _order(message: Message) -> tuple[str, str]:
    return min((place for place, _line in message.locations), default=""), _first(message)


def _first(message: Message) -> str:
    return message.id[0] if isinstance(message.id, tuple) else str(message.id)


def update(say: Say) -> None:
    from entrypoints.extraction import template

    fresh = template()
    for lang in TRANSLATED:
        path = source_of(lang)
        catalog = read(path, lang) if path.is_file() else Catalog(locale=lang, domain=DOMAIN)
        catalog.update(fresh, no_fuzzy_matching=True)
        write(path, catalog)
        say(f"{lang}: {sum(not _done(message) for message in catalog if message.id)} to translate\n")


def _done(message: Message) -> bool:
    texts = message.string if isinstance(message.string, tuple | list) else (message.string,)
    return bool(texts) and all(texts) and not message.fuzzy


def problems() -> Iterator[str]:
    """What is wrong with the catalogs or with how sentences are written; empty when everybody reads everything."""
    from entrypoints.extraction import from_python, template

    for unclear in from_python()[1]:
        yield f"{unclear.place}:{unclear.line}: a refusal needs a constant sentence with {{names}}: {unclear.what}"
    fresh = template()
    for lang in TRANSLATED:
        catalog = read(source_of(lang), lang) if source_of(lang).is_file() else Catalog(locale=lang)
        for message in fresh:
            if message.id:
                yield from (f"{lang}: {trouble}: {_first(message)!r}" for trouble in _troubles(message, catalog))


def _troubles(wanted: Message, catalog: Catalog) -> Iterator[str]:
    found = catalog.get(_first(wanted))
    if found is None or not found.string:
        yield "missing"
        return
    if isinstance(wanted.id, tuple) != isinstance(found.string, tuple | list):
        yield "counts in one place and not in the other"
        return
    if not _done(found):
        yield "fuzzy" if found.fuzzy else "missing"
        return
    forms = list(found.string) if isinstance(found.string, tuple | list) else [found.string]
    names = _placeholders(" ".join(wanted.id) if isinstance(wanted.id, tuple) else str(wanted.id))
    for form in forms:
        held = _placeholders(form)
        # Languages write one and two as words.
        if held != names and not (len(forms) > 1 and held == names - {"n"}):
            yield f"placeholders differ ({', '.join(sorted(names ^ held)) or 'braces'})"


def _placeholders(text: str) -> set[str]:
    try:
        return {name for _text, name, _spec, _conversion in Formatter().parse(text) if name is not None}
    except ValueError:
        return {"{"}


def check(say: Say) -> int:
    found = list(problems())
    for line in found:
        say(f"{line}\n")
    say(
        f"catalogs: {len(found)} sentences need work\n" if found else f"catalogs: complete in {', '.join(TRANSLATED)}\n"
    )
    return 1 if found else 0


def missing(lang: str, path: Path) -> None:
    catalog, rest = read(source_of(lang), lang), Catalog(locale=lang, domain=DOMAIN)
    for message in catalog:
        if message.id and not _done(message):
            rest.add(message.id, message.string, locations=message.locations)
    write(path, rest)


def merge(lang: str, path: Path) -> None:
    """Only sentences that the catalog asks for are taken."""
    catalog, theirs = read(source_of(lang), lang), read(path, lang)
    for message in theirs:
        mine = catalog.get(_first(message)) if message.id else None
        if mine is not None and _done(message):
            mine.string = message.string
            mine.flags.discard("fuzzy")
    write(source_of(lang), catalog)


def compile_all(say: Say) -> None:
    for lang in TRANSLATED:
        target, partial = compiled_of(lang), compiled_of(lang).with_suffix(".partial")
        partial.write_bytes(compiled(lang))
        partial.replace(target)
        say(f"words: {lang} {target.stat().st_size // 1024} KiB\n")


def main(arguments: list[str], say: Say = sys.stdout.write) -> int:
    commands: dict[tuple[str, int], Callable[..., Any]] = {
        ("update", 1): lambda: update(say),
        ("check", 1): lambda: check(say),
        ("compile", 1): lambda: compile_all(say),
        ("missing", 3): lambda lang, path: missing(lang, Path(path)),
        ("merge", 3): lambda lang, path: merge(lang, Path(path)),
    }
    command = commands.get((arguments[0] if arguments else "", len(arguments)))
    if command is None or (len(arguments) == 3 and arguments[1] not in TRANSLATED):
        say(str(__doc__))
        return 2
    return command(*arguments[1:]) or 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
