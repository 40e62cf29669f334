"""Whole answers kept in memory: a release never changes, so neither do its pages.

An answer is known by the release's hash, the address, and the few headers an answer depends
on. The cache stands in front of everything else, so a page seen before costs next to nothing,
and a browser that already has it is told so without any work.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.http.response import HttpResponseBase

from commonweal.hub.public.store import find_current_hash

CAPACITY_BYTES = 64_000_000
CACHE_CONTROL = "public, max-age=300"
"""Browsers ask again after five minutes, so that a new release is seen soon."""

Key = tuple[str, str, str, bool, bool, bool]


@dataclass(frozen=True)
class Answer:
    """What is needed to give an answer again."""

    headers: tuple[tuple[str, str], ...]
    content: bytes

    @property
    def size(self) -> int:
        """Bytes this answer takes, near enough."""
        return len(self.content) + sum(len(k) + len(v) for k, v in self.headers) + 200


class AnswerStore:
    """The answers used last, as many as fit; safe to share between threads."""

    def __init__(self, capacity: int = CAPACITY_BYTES) -> None:
        self._capacity = capacity
        self._size = 0
        self._answers: OrderedDict[Key, Answer] = OrderedDict()
        self._lock = Lock()

    def find(self, key: Key) -> Answer | None:
        """Return the answer under ``key`` and count it as used."""
        with self._lock:
            answer = self._answers.get(key)
            if answer is not None:
                self._answers.move_to_end(key)
            return answer

    def keep(self, key: Key, answer: Answer) -> None:
        """Keep an answer, dropping those unused longest until all fit."""
        with self._lock:
            replaced = self._answers.pop(key, None)
            self._size += answer.size - (replaced.size if replaced else 0)
            self._answers[key] = answer
            while self._size > self._capacity:
                _, dropped = self._answers.popitem(last=False)
                self._size -= dropped.size


class WholeAnswerCache:
    """Middleware that gives known answers and remembers new ones."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response
        self._store = AnswerStore()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer from memory where possible."""
        release = find_current_hash()
        if request.method not in {"GET", "HEAD"} or release is None:
            return self._get_response(request)
        key = _build_key(request, release)
        answer = self._store.find(key)
        if answer is None:
            response = self._get_response(request)
            if not isinstance(response, HttpResponse) or not _may_keep(response):
                return response
            answer = _remember(response, _build_etag(key))
            if request.method == "GET":
                self._store.keep(key, answer)
        return _give(request, answer)


def _build_key(request: HttpRequest, release: str) -> Key:
    return (
        release,
        request.get_host(),
        request.get_full_path(),
        request.headers.get("HX-Request") == "true",
        "gzip" in request.headers.get("Accept-Encoding", ""),
        request.is_secure(),
    )


def _build_etag(key: Key) -> str:
    digest = hashlib.sha256("\n".join(map(str, key)).encode()).hexdigest()
    return f'W/"{digest[:24]}"'


def _may_keep(response: HttpResponse) -> bool:
    return (
        response.status_code == 200
        and not response.cookies
        and not response.has_header("Cache-Control")
    )


def _remember(response: HttpResponse, etag: str) -> Answer:
    response["Cache-Control"] = CACHE_CONTROL
    response["ETag"] = etag
    return Answer(tuple(response.items()), response.content)


def _give(request: HttpRequest, answer: Answer) -> HttpResponse:
    headers = dict(answer.headers)
    if request.headers.get("If-None-Match") == headers["ETag"]:
        kept = {
            name: headers[name] for name in ("ETag", "Cache-Control", "Vary") if name in headers
        }
        return HttpResponseNotModified(headers=kept)
    if request.method == "HEAD":
        return HttpResponse(headers=headers)
    return HttpResponse(answer.content, headers=headers)
