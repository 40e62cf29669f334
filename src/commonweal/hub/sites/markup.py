"""A few marks of Markdown as safe HTML: everything else stays the text it is."""

import re
from collections.abc import Iterator

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

_HEADING = re.compile(r"(#{1,3}) +(.+)")
_ITEM = re.compile(r"[-*] +(.+)")
_NUMBERED = re.compile(r"\d+[.)] +(.+)")
_CODE = re.compile(r"`([^`]+)`")
_BOLD = re.compile(r"\*\*([^*]+)\*\*")
_LINK = re.compile(r"\[([^\]]+)\]\(((?:https?://|mailto:|/)[^)\s]*)\)")


def render_markup(text: str) -> SafeString:
    """Headings, lists, paragraphs, fenced code, bold, code and links of a text.

    All of the text is escaped first; only these marks become tags, and a link leads to http,
    https, mailto or a page of this site.
    """
    blocks = re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip())
    return mark_safe("\n".join(html for block in _join_fences(blocks) for html in _render(block)))  # noqa: S308  (escaped in _inline and _render)


def _join_fences(blocks: list[str]) -> Iterator[str]:
    """Blocks, with code that has empty lines in it put together again."""
    pending: list[str] = []
    for block in blocks:
        pending.append(block)
        joined = "\n\n".join(pending)
        if joined.count("```") % 2 == 0:
            yield joined
            pending = []
    if pending:
        yield "\n\n".join(pending)


def _render(block: str) -> Iterator[str]:
    if block.startswith("```"):
        code = block.strip("`").partition("\n")[2].rstrip()
        yield f'<pre class="cw-sql" tabindex="0"><code>{escape(code)}</code></pre>'
        return
    lines = block.split("\n")
    while lines:
        if heading := _HEADING.fullmatch(lines[0].strip()):
            level = len(heading[1]) + 1
            yield f"<h{level}>{_inline(heading[2])}</h{level}>"
            lines.pop(0)
        elif _ITEM.fullmatch(lines[0].strip()):
            yield _list("ul", _take(lines, _ITEM))
        elif _NUMBERED.fullmatch(lines[0].strip()):
            yield _list("ol", _take(lines, _NUMBERED))
        else:
            yield f"<p>{_inline(' '.join(_take_words(lines)))}</p>"


def _take(lines: list[str], mark: re.Pattern[str]) -> Iterator[str]:
    while lines and (found := mark.fullmatch(lines[0].strip())):
        lines.pop(0)
        yield found[1]


def _take_words(lines: list[str]) -> Iterator[str]:
    yield lines.pop(0).strip()
    marks = (_HEADING, _ITEM, _NUMBERED)
    while lines and not any(mark.fullmatch(lines[0].strip()) for mark in marks):
        yield lines.pop(0).strip()


def _list(tag: str, items: Iterator[str]) -> str:
    inner = "".join(f"<li>{_inline(item)}</li>" for item in items)
    return f"<{tag}>{inner}</{tag}>"


def _inline(text: str) -> str:
    """Escaped text with its marks made into tags; nothing inside code is a mark."""
    parts = _CODE.split(text)
    return "".join(
        f"<code>{escape(part)}</code>" if number % 2 else _mark(escape(part))
        for number, part in enumerate(parts)
    )


def _mark(text: str) -> str:
    linked = _LINK.sub(r'<a class="usa-link" href="\2">\1</a>', text)
    return _BOLD.sub(r"<strong>\1</strong>", linked)
