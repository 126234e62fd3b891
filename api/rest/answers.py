"""How a burner or the stove is answered: JSON with an ETag, or one sentence to be read out."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from api.rest import speech
from api.rest.problems import ProblemView, wants_plain
from controller.stove import Stove
from controller.view import BurnerView, StoveView

PROBLEMS: dict[int | str, dict[str, object]] = {
    "4XX": {"description": "Refused; `detail` says why.", "model": ProblemView},
    "5XX": {"description": "Not confirmed or not on record; `detail` says which.", "model": ProblemView},
}


def burner(request: Request, stove: Stove, view: BurnerView) -> Response:
    """One burner."""
    return _answer(request, stove.revision(view.id), view.model_dump_json, lambda: speech.burner(view))


def whole(request: Request, stove: Stove, view: StoveView) -> Response:
    """The stove."""
    return _answer(request, stove.revision(None), view.model_dump_json, lambda: speech.stove(view))


def burners(request: Request, stove: Stove, views: list[BurnerView]) -> Response:
    """Every burner, as a JSON list."""
    return _answer(
        request,
        stove.revision(None),
        lambda: "[" + ",".join(view.model_dump_json() for view in views) + "]",
        lambda: " ".join(map(speech.burner, views)),
    )


def _answer(request: Request, revision: str, as_json: Callable[[], str], as_text: Callable[[], str]) -> Response:
    etag = f'W/"{revision}"'  # weak: the countdown goes on under the same tag
    headers = {"ETag": etag, "Cache-Control": "no-cache", "Vary": "Accept"}
    known = request.headers.get("if-none-match", "")
    if request.method == "GET" and (known.strip() == "*" or etag in (tag.strip() for tag in known.split(","))):
        return Response(status_code=304, headers=headers)
    if wants_plain(request):
        return Response(as_text() + "\n", 200, headers, "text/plain; charset=utf-8")
    return Response(as_json(), 200, headers, "application/json")
