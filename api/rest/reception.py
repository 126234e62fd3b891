"""The calls by which phones come and go: pairing, who am I, tokens."""

import json
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from api.rest import bodies
from api.rest.access import Access, Caller, drop_cookie
from api.rest.bodies import Body
from api.rest.described import NO_TOKEN, PROBLEMS, gives, takes
from api.rest.me import MeView
from api.rest.problems import Problem
from controller.pairing import CODE_LASTS, Grant, PairingRefused
from controller.stove import Stove, UnknownBurner
from controller.tokens import LONGEST_NAME, Role, Token, name_problem

_ME = {"name": "phone:Anna", "role": "cook", "burners": [], "phone": True, "pairing": "closed"}
_NOBODY: dict[str, Any] = {"name": None, "role": None, "burners": [], "phone": False, "pairing": "code"}
_TOKEN = {
    "id": "0f3a9c1b22d4",
    "name": "Anna",
    "role": "cook",
    "burners": [],
    "phone": True,
    "created_at": "2026-11-23T17:02:11+00:00",
    "last_used_at": "2026-11-23T18:17:00+00:00",
}
_OFFER = {
    "code": "04719358",
    "lasts_s": 300.0,
    "url": "http://192.168.1.20:8520/",
    "qr": ["1111111", "1000001", "…"],
}


class OfferBody(Body):
    """What the phone that pairs will be allowed."""

    role: Literal["view", "cook", "admin"] = "cook"
    burners: list[str] = Field(default_factory=list, description="A cook only for these; left out: for all.")


class PairBody(Body):
    """A phone that wants to be let in."""

    name: str = Field(
        description="What the phone is called, 1 to 32 characters.", min_length=1, max_length=LONGEST_NAME
    )
    code: str | None = Field(None, description="The eight digits; left out while a stop button lets phones in.")


class OfferView(BaseModel):
    """A code for one phone."""

    code: str
    lasts_s: float
    url: str = Field(description="The page, as whoever asked reaches it.")
    qr: list[str] = Field(description="A QR code of the page with the code in it: rows of 0 and 1.")


class TokenView(BaseModel):
    """A token without its secret."""

    id: str
    name: str
    role: Role
    burners: list[str]
    phone: bool
    created_at: str
    last_used_at: str | None


def router(stove: Stove, access: Access) -> APIRouter:
    """/api/v1/me, /pairing, /pair and /tokens."""
    routes = APIRouter(prefix="/api/v1", tags=["phones"], responses=PROBLEMS)
    _about_me(routes, stove, access)
    _pairing(routes, stove, access)
    _managing(routes, stove, access)
    return routes


def _about_me(routes: APIRouter, stove: Stove, access: Access) -> None:
    @routes.get("/me", response_model=MeView, responses=gives(_ME), openapi_extra=NO_TOKEN)
    async def me(request: Request) -> Response:
        """Who asks, and how a phone can be let in. Needs no token."""
        response = Response(media_type="application/json", headers={"Cache-Control": "no-store"})
        try:
            caller = access.caller(request)
        except Problem as problem:
            if problem.status != 401:
                raise
            if access.tokens_count():  # else the cookie may be good again once the file can be read
                drop_cookie(request, response)
            return _filled(response, _NOBODY | {"pairing": stove.reception.way()})
        if caller.token is not None and caller.token.phone:
            access.renew_cookie(request, response)
        return _filled(response, MeView.of(caller, stove).model_dump(mode="json"))

    @routes.delete("/me", response_model=MeView, responses=gives(_NOBODY))
    async def sign_out(request: Request) -> Response:
        """End the token that this comes with. Role: view."""
        by = access.require(request, Role.VIEW)
        response = Response(media_type="application/json", headers={"Cache-Control": "no-store"})
        token = access.caller(request).token
        if token is not None:
            access.revoke(token.id)
            await stove.reception.revoked(token, by)
        drop_cookie(request, response)
        return _filled(response, _NOBODY | {"pairing": stove.reception.way()})


def _pairing(routes: APIRouter, stove: Stove, access: Access) -> None:
    @routes.post(
        "/pairing",
        response_model=OfferView,
        responses=gives(_OFFER),
        openapi_extra=takes(OfferBody, cook={"role": "cook"}),
    )
    async def offer(request: Request) -> Response:
        """Make a code that lets one phone in within five minutes and five tries. Role: admin."""
        by = access.require(request, Role.ADMIN)
        body = await bodies.read(request, OfferBody)
        code = await stove.reception.offer(_grant(body, stove), by)
        url = f"{request.url.scheme}://{request.headers['host']}/"
        return _json(
            OfferView(code=code, lasts_s=CODE_LASTS / 1000, url=url, qr=_qr(f"{url}#/pair/{code}")).model_dump()
        )

    @routes.delete("/pairing", responses=gives({"withdrawn": True}))
    async def withdraw(request: Request) -> Response:
        """Withdraw the code. Role: admin."""
        access.require(request, Role.ADMIN)
        return _json({"withdrawn": stove.reception.withdraw()})

    @routes.post(
        "/pair",
        response_model=MeView,
        responses=gives(_ME),
        openapi_extra=NO_TOKEN | takes(PairBody, code={"name": "Anna", "code": "04719358"}, button={"name": "Anna"}),
    )
    async def pair(request: Request) -> Response:
        """Let this browser in, by the code or while a stop button of the stove lets phones in. Needs no token."""
        body = await bodies.read(request, PairBody)
        problem = name_problem(body.name)
        if problem is not None:
            raise Problem(422, f"name: {problem}.", "name")
        try:
            grant = stove.reception.claim(_digits(body.code))
        except PairingRefused as error:
            raise Problem(403, str(error), "code", kind="pairing-refused") from None
        response = Response(media_type="application/json", headers={"Cache-Control": "no-store"})
        token = _admit(access, request, response, body.name, grant)
        await stove.reception.paired(token)
        caller = Caller(f"phone:{token.name}", token.role, token)
        return _filled(response, MeView.of(caller, stove).model_dump(mode="json"))


def _admit(access: Access, request: Request, response: Response, name: str, grant: Grant) -> Token:
    try:
        return access.admit(request, response, name, grant.role, grant.burners)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise Problem(503, f"The token could not be kept: {why}. Pair again when that is mended.") from None


def _managing(routes: APIRouter, stove: Stove, access: Access) -> None:
    @routes.get("/tokens", response_model=list[TokenView], responses=gives([_TOKEN]))
    async def tokens(request: Request) -> Response:
        """Every phone and token, without its secret, the oldest first. Role: admin."""
        access.require(request, Role.ADMIN)
        return _json([_view(token).model_dump(mode="json") for token in access.tokens()])

    @routes.delete("/tokens/{token_id}", response_model=TokenView, responses=gives(_TOKEN))
    async def revoke(request: Request, token_id: str) -> Response:
        """End a phone's or a script's token; its open streams end with it. Role: admin."""
        by = access.require(request, Role.ADMIN)
        try:
            token = access.revoke(token_id)
        except (OSError, ValueError) as error:
            raise Problem(503, f"The tokens cannot be changed: {error}.") from None
        if token is None:
            raise Problem(404, "There is no such token.")
        await stove.reception.revoked(token, by)
        return _json(_view(token).model_dump(mode="json"))


def _grant(body: OfferBody, stove: Stove) -> Grant:
    for name in body.burners:
        try:
            stove.view(name)
        except UnknownBurner:
            raise Problem(422, "burners names one that there is not.", "burners") from None
    return Grant(Role(body.role), tuple(body.burners))


def _qr(text: str) -> list[str]:
    import segno  # noqa: PLC0415 - seldom wanted

    return ["".join(map(str, row)) for row in segno.make_qr(text).matrix]


def _digits(code: str | None) -> str | None:
    """The code as people type it: spaces and dashes between its digits do not count."""
    return code.replace(" ", "").replace("-", "") if code is not None else None


def _view(token: Token) -> TokenView:
    return TokenView(
        id=token.id,
        name=token.name,
        role=token.role,
        burners=[*token.burners],
        phone=token.phone,
        created_at=token.created_at,
        last_used_at=token.last_used_at,
    )


def _json(content: Any) -> Response:
    return Response(
        json.dumps(content, ensure_ascii=False), headers={"Cache-Control": "no-store"}, media_type="application/json"
    )


def _filled(response: Response, content: Any) -> Response:
    """The response with its body; its cookies stay."""
    response.body = json.dumps(content, ensure_ascii=False).encode()
    response.headers["content-length"] = str(len(response.body))
    return response
