"""A visitor who keeps cookies and sends forms, without a browser."""

import re
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from email.message import Message
from urllib.parse import urlencode

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
SECONDS = 60


@dataclass(frozen=True)
class Answer:
    """What came back, after redirects."""

    status: int
    headers: Message
    text: str


@dataclass
class Visitor:
    """One browser's worth of cookies."""

    address: str
    opener: urllib.request.OpenerDirector = field(
        default_factory=lambda: urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    )

    def get(self, path: str) -> Answer:
        """Ask for a page."""
        return self._ask(urllib.request.Request(self.address + path))  # noqa: S310  (ours)

    def post(self, path: str, *, page: str | None = None, **fields: str | list[str]) -> Answer:
        """Send the form that stands on ``page``, or on the same address."""
        token = TOKEN.search(self.get(page or path).text)
        assert token
        sent = urlencode({"csrfmiddlewaretoken": token[1], **fields}, doseq=True).encode()
        return self._ask(urllib.request.Request(self.address + path, data=sent))  # noqa: S310  (ours)

    def sign_in(self, email: str, password: str) -> Answer:
        """Sign in to the workbench."""
        return self.post("/accounts/login/", login=email, password=password)

    def _ask(self, request: urllib.request.Request) -> Answer:
        try:
            answer = self.opener.open(request, timeout=SECONDS)
        except urllib.error.HTTPError as refused:
            answer = refused
        with answer:
            return Answer(answer.status, answer.headers, answer.read().decode())
