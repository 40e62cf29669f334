"""Collect the pages' words and compile the translations; needs no gettext on the machine.

``build_translations.py`` brings every catalogue up to date with the templates and the code,
keeps what is translated, and compiles. ``build_translations.py --check`` changes nothing and
fails when a catalogue or its compiled form is not current, or a word is not translated.
"""

import re
import sys
from io import BytesIO
from pathlib import Path

import django
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation import template as django_template

HUB = Path(__file__).resolve().parents[1] / "src" / "commonweal" / "hub"
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
}


def main() -> None:
    """Write, or check."""
    settings.configure()
    django.setup()
    collected = collect_messages()
    faults = [
        fault
        for folder in sorted((HUB / "locale").glob("*/LC_MESSAGES"))
        for fault in build_language(folder, collected, write="--check" not in sys.argv)
    ]
    if faults:
        sys.exit("\n".join([*faults, "Run scripts/build_translations.py and translate what is new."]))
    print("Translations: up to date.")


def collect_messages() -> Catalog:
    """Every word of the templates and the code, with where it stands."""
    catalog = Catalog(charset="utf-8")
    for file in sorted([*HUB.rglob("*.py"), *HUB.rglob("*.html")]):
        place = file.relative_to(HUB).as_posix()
        for message, context in extract_messages(file):
            catalog.add(message, locations=[(place, None)], context=context)
    return catalog


def extract_messages(file: Path) -> list[tuple[str | tuple[str, ...], str | None]]:
    """Words of one file; Django turns a template into something babel's reader understands."""
    if file.suffix == ".py":
        found = extract_from_file("python", file, keywords=KEYWORDS)
    else:
        text = django_template.templatize(file.read_text(encoding="utf-8"), origin=file.name)
        joined = re.sub(r"(?<![\w.])u(?=['\"])", "", text)
        found = _extract_from_text(joined)
    return [(message, context) for _, message, _, context in found]


def _extract_from_text(text: str):  # noqa: ANN202  (babel has no types)
    from babel.messages.extract import extract  # noqa: PLC0415

    return extract("python", BytesIO(text.encode()), keywords=KEYWORDS)


def build_language(folder: Path, collected: Catalog, *, write: bool) -> list[str]:
    """Bring one language up to date; return what is wrong with it."""
    source = folder / "django.po"
    with source.open("rb") as stream:
        catalog = read_po(stream, locale=folder.parent.name)
    catalog.update(collected, no_fuzzy_matching=True)
    catalog.obsolete.clear()
    rendered = {source: render(write_po, catalog), folder / "django.mo": render(write_mo, catalog)}
    faults = []
    for file, content in rendered.items():
        if write:
            file.write_bytes(content)
        elif not file.exists() or file.read_bytes() != content:
            faults.append(f"{file.relative_to(HUB)} is not current.")
    missing = [m.id for m in catalog if m.id and not _is_translated(m.string)]
    return faults + [f"{folder.parent.name}: not translated: {words!r}" for words in missing]
    

def _is_translated(string: object) -> bool:
    return all(string) if isinstance(string, tuple) else bool(string)


def render(writer, catalog: Catalog) -> bytes:  # noqa: ANN001  (babel has no types)
    """The bytes a writer makes, with no clock in them."""
    stream = BytesIO()
    catalog.revision_date = catalog.creation_date = "2026-01-01 00:00+0000"
    if writer is write_po:
        write_po(stream, catalog, width=100, sort_output=True, include_lineno=False)
    else:
        writer(stream, catalog)
    return stream.getvalue()


if __name__ == "__main__":
    main()
