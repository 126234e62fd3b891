"""How a burner or the stove is answered: JSON with an ETag, or one sentence in the caller's language."""

import hashlib
import re
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from api.rest import speech
from api.rest.languages import Language, language
from api.rest.problems import VARIES, wants_plain
from controller.view import BurnerView, StoveView

_MOVING = re.compile(r'"(?:remaining_s|millivolts)":[^,}]*')  # what moves by itself


def burner(request: Request, view: BurnerView) -> Response:
    """One burner."""
    return _answer(request, view.model_dump_json(), lambda spoken: speech.burner(view, spoken))


def whole(request: Request, view: StoveView) -> Response:
    """The stove."""
    return _answer(request, view.model_dump_json(), lambda spoken: speech.stove(view, spoken))


def burners(request: Request, views: list[BurnerView]) -> Response:
    """Every burner, as a JSON list."""
    content = "[" + ",".join(view.model_dump_json() for view in views) + "]"
    return _answer(request, content, lambda spoken: speech.burners(views, spoken))


def _answer(request: Request, content: str, sentence: Callable[[Language], str]) -> Response:
    spoken = language(request) if wants_plain(request) else None
    tag = _tag(content + (spoken or ""))  # a caller who changes the language has not seen it yet
    headers = {"ETag": f"W/{tag}", "Cache-Control": "no-cache", "Vary": VARIES}
    if request.method == "GET" and _is_known(tag, request.headers.get("if-none-match", "")):
        return Response(status_code=304, headers=headers)
    if spoken is not None:
        headers["Content-Language"] = spoken
        return Response(sentence(spoken) + "\n", 200, headers, "text/plain; charset=utf-8")
    return Response(content, 200, headers, "application/json")


def _tag(content: str) -> str:
    """Changes with everything but countdowns and voltages, which go on under the same tag; so the tag is a weak one."""
    return f'"{hashlib.blake2b(_MOVING.sub("", content).encode(), digest_size=8).hexdigest()}"'


def _is_known(tag: str, if_none_match: str) -> bool:
    known = [entry.strip().removeprefix("W/") for entry in if_none_match.split(",")]
    return tag in known or known == ["*"]
