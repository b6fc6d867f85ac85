"""The texts of pages and messages, and their Russian: `make catalogue` brings both together.

Extracting, merging and compiling stand here once: the suite asks the same functions what is missing.
"""

from __future__ import annotations

import io
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
RUSSIAN = ROOT / "pilot_eval" / "translations" / "ru" / "LC_MESSAGES" / "messages.po"
METHODS = [("pilot_eval/**.py", "python"), ("templates/**.html", "jinja2")]
OPTIONS = {"templates/**.html": {"silent": "false", "trim_blocks": "true", "lstrip_blocks": "true"}}
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "lazy_gettext": None,
    "lazy_ngettext": (1, 2),
    "_l": None,
    "Message": None,
    # What an operation refuses is shown on the page that asked for it.
    "Problem": (2,),
    "WrongState": (2,),
}


def extracted(root: Path = ROOT) -> Catalog:
    """Every text that is to be translated, as the code and the templates have it now."""
    found = Catalog(project="pilot_eval", charset="utf-8")
    for folder in ("pilot_eval", "templates"):
        methods = [(pattern.removeprefix(f"{folder}/"), method) for pattern, method in METHODS]
        options = {pattern.removeprefix(f"{folder}/"): given for pattern, given in OPTIONS.items()}
        for file, _line, message, _comments, context in extract_from_dir(
            root / folder, methods, options, keywords=KEYWORDS
        ):
            found.add(message, None, [(f"{folder}/{file}", None)], context=context)  # type: ignore[list-item]  # a location without its line
    return found


def russian() -> Catalog:
    """The Russian catalogue as it is stored."""
    with RUSSIAN.open("rb") as file:
        return read_po(file, locale="ru", domain="messages")


def compiled(catalogue: Catalog) -> bytes:
    """The form in which the site reads a catalogue."""
    content = io.BytesIO()
    write_mo(content, catalogue)
    return content.getvalue()


def update() -> int:
    """Bring the Russian catalogue up to date and compile it; how many texts still lack their Russian."""
    catalogue = russian()
    catalogue.update(extracted(), no_fuzzy_matching=True, update_creation_date=False)
    catalogue.obsolete.clear()
    with RUSSIAN.open("wb") as file:
        write_po(file, catalogue, width=110, sort_by_file=True, ignore_obsolete=True)
    RUSSIAN.with_suffix(".mo").write_bytes(compiled(catalogue))
    return len(untranslated(catalogue))


def untranslated(catalogue: Catalog) -> list[str]:
    """Texts without Russian, or without one of its plural forms."""
    return [str(message.id) for message in catalogue if message.id and not all(forms(message))]


def forms(message: Message) -> list[str]:
    """The Russian of a text: one, or as many as there are plural forms."""
    return [message.string] if isinstance(message.string, str) else list(message.string or [""])


if __name__ == "__main__":
    missing = update()
    print(f"{RUSSIAN.relative_to(ROOT)}: {missing} texts lack their Russian")  # noqa: T201 - a command's answer
    raise SystemExit(bool(missing))
