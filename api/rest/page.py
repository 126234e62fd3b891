"""The phone page: its files as they lie in api/page, read and packed once, at the start.

All of them but the entrance live under ``/page/<build>/``, where the build is a digest of them all: a browser may keep
them for ever, and never mixes two versions.
"""

import gzip
import hashlib
from dataclasses import dataclass
from importlib.resources import files

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.rest.languages import Language, language
from api.rest.problems import Problem

_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "webmanifest": "application/manifest+json",
}
_PACKED = frozenset(("html", "css", "js", "svg", "webmanifest"))
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types flameout",
    )
)
_FOR_EVER = "public, max-age=31536000, immutable"
_BUILD = b"__BUILD__"  # in the entrance, the manifest and the service worker
_ENTRANCE, _WORKER, _MANIFEST = "index.html", "worker.js", "flameout.webmanifest"


@dataclass(frozen=True)
class _File:
    media_type: str
    content: bytes
    packed: bytes | None
    etag: str


class Page:
    """The files, ready to be sent."""

    def __init__(self) -> None:
        raw = {entry.name: entry.read_bytes() for entry in files("api.page").iterdir() if _kind(entry.name) in _TYPES}
        digest = hashlib.sha256()
        for name in sorted(raw):
            digest.update(name.encode() + b"\0" + raw[name])
        self.build = digest.hexdigest()[:12]
        built = {name: content.replace(_BUILD, self.build.encode()) for name, content in raw.items()}
        self.files = {name: _file(name, content) for name, content in built.items() if name != _ENTRANCE}
        self.entrances = {  # each asks for its own language's words at once
            spoken: _file(_ENTRANCE, built[_ENTRANCE].replace(b"__LANGUAGE__", page_language(spoken)))
            for spoken in Language
        }


def router() -> APIRouter:
    """/, /page/{build}/{name}, and the service worker, whose address says what it is for."""
    page = Page()
    routes = APIRouter(include_in_schema=False)

    @routes.get("/")
    async def entrance(request: Request) -> Response:
        return _answer(request, page.entrances[language(request)], "no-cache")

    @routes.get("/worker.js")
    async def worker(request: Request) -> Response:
        return _answer(request, page.files[_WORKER], "no-cache")

    @routes.get("/flameout.webmanifest")
    async def manifest(request: Request) -> Response:
        return _answer(request, page.files[_MANIFEST], "no-cache")

    @routes.get("/favicon.ico")
    async def icon(request: Request) -> Response:
        return _answer(request, page.files["icon.svg"], "no-cache")

    @routes.get("/page/{build}/{name}")
    async def part(request: Request, build: str, name: str) -> Response:
        if build != page.build or name not in page.files:
            raise Problem(404, "There is no such file; load the page anew.")
        return _answer(request, page.files[name], _FOR_EVER)

    return routes


def page_language(spoken: Language) -> bytes:
    """The language as the page's files are named."""
    return b"zh" if spoken is Language.CHINESE else b"en"


def _answer(request: Request, file: _File, cache: str) -> Response:
    headers = {"ETag": file.etag, "Cache-Control": cache, "Vary": "Accept-Encoding"}
    if file.media_type.startswith("text/html"):
        headers["Content-Security-Policy"] = _POLICY
        headers["Vary"] = "Accept-Encoding, Accept-Language"
    if request.headers.get("if-none-match") == file.etag:
        return Response(status_code=304, headers=headers)
    if file.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(file.packed, headers=headers | {"Content-Encoding": "gzip"}, media_type=file.media_type)
    return Response(file.content, headers=headers, media_type=file.media_type)


def _file(name: str, content: bytes) -> _File:
    kind = _kind(name)
    packed = gzip.compress(content, 9, mtime=0) if kind in _PACKED else None
    return _File(_TYPES[kind], content, packed, f'"{hashlib.sha256(content).hexdigest()[:16]}"')


def _kind(name: str) -> str:
    return name.rpartition(".")[2]
