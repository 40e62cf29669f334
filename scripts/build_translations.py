"""Collect the words of pages and data, and compile the translations; needs no gettext.

``build_translations.py`` brings every catalogue up to date with the templates and the code,
keeps what is translated, and compiles. ``build_translations.py --check`` changes nothing and
fails when a catalogue or its compiled form is not current, or a word is not translated.
"""

import sys
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

from commonweal.hub.sites.phrases import list_texts

HUB = Path(__file__).resolve().parents[1] / "src" / "commonweal" / "hub"
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
}
NO_CLOCK = datetime(2026, 1, 1, tzinfo=UTC)
"""The date in the catalogues, so that the same words give the same bytes."""


def main() -> None:
    """Write, or check."""
    settings.configure()
    collected = collect_messages()
    faults = [
        fault
        for folder in sorted((HUB / "locale").glob("*/LC_MESSAGES"))
        for fault in build_language(folder, collected, write="--check" not in sys.argv)
    ]
    if faults:
        advice = "Run scripts/build_translations.py, then translate what is new."
        sys.exit("\n".join([*faults, advice]))
    print("Translations: up to date.")


def collect_messages() -> Catalog:
    """Every word of the templates, the code and the data, with the file it stands in."""
    catalog = Catalog(charset="utf-8")
    for file in sorted([*HUB.rglob("*.py"), *HUB.rglob("*.html")]):
        text = file.read_text(encoding="utf-8")
        if file.suffix == ".html":
            # Django knows its own tags; what it makes of them looks like Python to babel.
            text = templatize(text, origin=file.name)
        for _, words, _, context in extract("python", BytesIO(text.encode()), KEYWORDS):
            catalog.add(words, locations=[(file.relative_to(HUB).as_posix(), 0)], context=context)
    for place, text in list_texts():
        catalog.add(text, locations=[(place, 0)])
    return catalog


def build_language(folder: Path, collected: Catalog, *, write: bool) -> list[str]:
    """Bring one language up to date; return what is wrong with it."""
    language = folder.parent.name
    with (folder / "django.po").open("rb") as stream:
        catalog = read_po(stream, locale=language)
    catalog.update(collected, no_fuzzy_matching=True)
    _leave_signs_alone(catalog)
    catalog.obsolete.clear()
    catalog.header_comment = f"# {language}: the words of the hub's pages."
    catalog.creation_date = catalog.revision_date = NO_CLOCK
    faults = []
    for file, content in print_catalog(folder, catalog).items():
        if write:
            file.write_bytes(content)
        elif not file.exists() or file.read_bytes() != content:
            faults.append(f"{file.relative_to(HUB)} is not current.")
    missing = [message for message in catalog if message.id and not is_translated(message)]
    return faults + [f"{language}: not translated: {message.id!r}" for message in missing]


def _leave_signs_alone(catalog: Catalog) -> None:
    """A per cent sign in the words of the data is a sign; no code fills anything in there."""
    data = {text for _, text in list_texts()}
    for message in catalog:
        if message.id in data:
            message.flags.discard("python-format")


def print_catalog(folder: Path, catalog: Catalog) -> dict[Path, bytes]:
    """The catalogue as text for translators and compiled for Django."""
    text, compiled = BytesIO(), BytesIO()
    write_po(text, catalog, width=100, sort_output=True, include_lineno=False)
    write_mo(compiled, catalog)
    return {folder / "django.po": text.getvalue(), folder / "django.mo": compiled.getvalue()}


def is_translated(message: Message) -> bool:
    """Whether every form of a message has words, with the same placeholders."""
    strings = message.string if isinstance(message.string, tuple | list) else (message.string,)
    return all(strings) and not list(message.check(None))


if __name__ == "__main__":
    main()
