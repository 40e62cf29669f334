"""A few marks of Markdown as safe HTML: everything else stays the text it is."""

import re
from collections.abc import Iterator

from django.utils.html import format_html, format_html_join

_HEADING = re.compile(r"(#{1,3}) +(.+)")
_ITEM = re.compile(r"[-*] +(.+)")
_NUMBERED = re.compile(r"\d+[.)] +(.+)")
_MARK = re.compile(
    r"`(?P<code>[^`]+)`"
    r"|\*\*(?P<bold>[^*]+)\*\*"
    r"|(?<![*\w])\*(?P<stress>[^*\s](?:[^*\n]*[^*\s])?)\*(?![*\w])"
    r"|\[(?P<words>[^\]]+)\]\((?P<address>(?:https?://|mailto:|/(?!/))[^)\s]*)\)"
)
_FENCE = "```"


def render_markup(text: str) -> str:
    """Headings, lists, paragraphs, fenced code, bold, emphasis, code and links of a text.

    Only these marks become tags; all of the text is escaped. A link leads to http, https,
    mailto or a page of this site.
    """
    blocks = re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip())
    return _join("\n", (html for block in _join_fences(blocks) for html in _render(block)))


def _join(between: str, parts: Iterator[str]) -> str:
    return format_html_join(between, "{}", ((part,) for part in parts))


def _join_fences(blocks: list[str]) -> Iterator[str]:
    """Blocks, with code that has empty lines in it put together again."""
    pending: list[str] = []
    for block in blocks:
        pending.append(block)
        joined = "\n\n".join(pending)
        if joined.count(_FENCE) % 2 == 0:
            yield joined
            pending = []
    if pending:
        yield "\n\n".join(pending)


def _render(block: str) -> Iterator[str]:
    if block.startswith(_FENCE):
        code = block.strip("`").partition("\n")[2].rstrip()
        yield format_html('<pre class="cw-sql" tabindex="0"><code>{}</code></pre>', code)
        return
    lines = block.split("\n")
    while lines:
        if heading := _HEADING.fullmatch(lines[0].strip()):
            level = max(len(heading[1]), 2)
            yield format_html("<h{0}>{1}</h{0}>", level, _inline(heading[2]))
            lines.pop(0)
        elif _ITEM.fullmatch(lines[0].strip()):
            yield format_html("<ul>{}</ul>", _items(_take(lines, _ITEM)))
        elif _NUMBERED.fullmatch(lines[0].strip()):
            yield format_html("<ol>{}</ol>", _items(_take(lines, _NUMBERED)))
        else:
            yield format_html("<p>{}</p>", _inline(" ".join(_take_words(lines))))


def _take(lines: list[str], mark: re.Pattern[str]) -> Iterator[str]:
    while lines and (found := mark.fullmatch(lines[0].strip())):
        lines.pop(0)
        yield found[1]


def _take_words(lines: list[str]) -> Iterator[str]:
    yield lines.pop(0).strip()
    marks = (_HEADING, _ITEM, _NUMBERED)
    while lines and not any(mark.fullmatch(lines[0].strip()) for mark in marks):
        yield lines.pop(0).strip()


def _items(items: Iterator[str]) -> str:
    return _join("", (format_html("<li>{}</li>", _inline(item)) for item in items))


def _inline(text: str) -> str:
    """Text with its marks made into tags; nothing inside a mark is one itself."""
    return _join("", _list_parts(text))


def _list_parts(text: str) -> Iterator[str]:
    end = 0
    for found in _MARK.finditer(text):
        yield format_html("{}", text[end : found.start()])
        end = found.end()
        if found["code"]:
            yield format_html("<code>{}</code>", found["code"])
        elif found["bold"]:
            yield format_html("<strong>{}</strong>", found["bold"])
        elif found["stress"]:
            yield format_html("<em>{}</em>", found["stress"])
        else:
            link = '<a class="usa-link" href="{}">{}</a>'
            yield format_html(link, found["address"], found["words"])
    yield format_html("{}", text[end:])
