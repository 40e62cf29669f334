"""What a visitor typed, made safe to use: words and page number from the address."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import QueryDict

LONGEST_TEXT = 200
LAST_PAGE = 10_000


@dataclass(frozen=True)
class Search:
    """The words searched for and which page of the answer is wanted."""

    text: str = ""
    page: int = 1

    def query(self, page: int | None = None) -> str:
        """The search as the end of an address, the same for the same search."""
        wanted = self.page if page is None else page
        fields = [("q", self.text)] if self.text else []
        if wanted > 1:
            fields.append(("page", str(wanted)))
        return f"?{urlencode(fields)}" if fields else ""


def read_search(fields: QueryDict) -> Search:
    """Read a search; what cannot be understood counts as not given."""
    words = "".join(c if c.isprintable() else " " for c in fields.get("q", ""))
    text = " ".join(words.split())[:LONGEST_TEXT]
    page = fields.get("page", "")
    number = int(page) if page.isascii() and page.isdecimal() and len(page) < 6 else 1
    return Search(text, min(max(number, 1), LAST_PAGE))
