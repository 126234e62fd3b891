"""Who asks, and whether they may.

A script sends its token as ``Authorization: Bearer``. The page has it in a cookie that no script can read, and sends
the header ``X-Flameout`` with whatever changes something: a form of another site cannot.
"""

import asyncio
import time
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from api.rest.problems import Problem
from controller.tokens import Role, Token, TokenStore, digest

WRONG_TOKENS = 10  # from one address within WINDOW, then 429
WINDOW = 60.0  # s
COOKIE = "flameout"
SECURE_COOKIE = "__Host-flameout"  # a browser takes this name over HTTPS only
COOKIE_LASTS = 400 * 24 * 3600  # s; browsers keep none for longer, and each visit renews it
PAGE_HEADER = "X-Flameout"


@dataclass(frozen=True)
class Caller:
    """Who asks: ``role`` is None for somebody without a token where one is needed."""

    name: str  # as journal and timers name them: "rest:Anna", "phone:Anna", "console", "rest"
    role: Role | None
    token: Token | None = None


class Access:
    """Tokens and roles. Shutting off never comes here."""

    def __init__(self, tokens: TokenStore, console_secret: str, require_token: bool) -> None:
        self._tokens = tokens
        self._console = digest(console_secret)
        self._require_token = require_token
        self._wrong: dict[str, deque[float]] = {}
        self._noting: asyncio.Future[None] | None = None  # the writing down of when tokens were used
        tokens.list()  # so that the first shut-off finds its sender's name

    def require(self, request: Request, role: Role, burner: str | None = None) -> str:
        """Who asks, as journal and timers name them ("rest:Anna"). Raises :class:`Problem` (401, 403, 429).

        A token for some burners may do nothing to the others, nor to the stove as a whole (``burner`` None).
        """
        caller = self.caller(request)
        if caller.role is None:
            raise Problem(
                401,
                "A token is needed: make one with flameout tokens add, and send it as Authorization: Bearer ….",
                WWW_Authenticate="Bearer",
            )
        token = caller.token
        if token is None:
            return caller.name
        if token.phone and request.method != "GET" and PAGE_HEADER not in request.headers:
            raise Problem(403, f"A change that comes with the cookie needs the header {PAGE_HEADER}: 1.")
        if not token.role.includes(role):
            raise Problem(403, f"This token's role is {token.role}; this needs the role {role}.", kind="role-too-low")
        if token.burners and role is not Role.VIEW and burner not in token.burners:
            raise Problem(403, f"This token is for {' and '.join(token.burners)} only.", kind="other-burner")
        return caller.name

    def caller(self, request: Request) -> Caller:
        """Who asks, whatever they may. Raises :class:`Problem` (401, 429) for a token that is none of ours."""
        bearer = _bearer(request.headers.get("authorization", ""))
        secret = bearer or cookie(request.scope)
        if secret is None:
            return Caller("rest", None if self._require_token else Role.ADMIN)
        if digest(secret) == self._console:
            return Caller("console", Role.ADMIN)
        token = self._tokens.find(secret)
        if token is not None and token.phone is (bearer is None):
            self._note_use(token)
            return Caller(_called(token), token.role, token)
        if bearer is None and not self._require_token:
            return Caller("rest", Role.ADMIN)  # a cookie of another flameout, or a revoked one: as if it were not there
        self._count_wrong(request)
        raise Problem(
            401,
            "This token is not known, or was revoked.",
            kind="token-unknown",
            WWW_Authenticate='Bearer error="invalid_token"',
        )

    def allows(self, request: Request, role: Role) -> bool:
        """Whether who asked may still do so: a token may have been revoked meanwhile."""
        secret = _bearer(request.headers.get("authorization", "")) or cookie(request.scope)
        if secret is None or digest(secret) == self._console:
            return True
        token = self._tokens.find(secret)
        return token.role.includes(role) if token is not None else not self._require_token

    def name(self, scope: Scope) -> str:
        """Who sends this request, for the record only; nobody is turned away, and no disk is asked."""
        secret = _bearer(_header(scope, b"authorization")) or cookie(scope)
        if secret is None:
            return "rest"
        if digest(secret) == self._console:
            return "console"
        token = self._tokens.remembered(secret)
        return _called(token) if token is not None else "rest"

    # --- tokens that come and go ----------------------------------------------------------------------

    def admit(self, request: Request, response: Response, wanted: str, role: Role, burners: tuple[str, ...]) -> Token:
        """Give a phone a token, as the response's cookie. Raises ``ValueError`` for a name that cannot be."""
        name = self._tokens.free_name(wanted)
        secret = self._tokens.add(name, role, burners, phone=True)
        token = self._tokens.find(secret)
        if token is None:
            raise ValueError(self._tokens.problem or "the token was written and revoked at once")
        _set_cookie(request, response, secret)
        return token

    def renew_cookie(self, request: Request, response: Response) -> None:
        """Let the phone's cookie count from today."""
        secret = cookie(request.scope)
        if secret is not None:
            _set_cookie(request, response, secret)

    def tokens_count(self) -> bool:
        """Whether tokens could be read, so that one that is not among them is none."""
        return self._tokens.problem is None

    def tokens(self) -> list[Token]:
        """Every token, oldest first."""
        return self._tokens.list()

    def revoke(self, token_id: str) -> Token | None:
        """End a token; None where there is none with that id."""
        return self._tokens.revoke_id(token_id)

    def _note_use(self, token: Token) -> None:
        if self._tokens.used(token, datetime.now(UTC)) and (self._noting is None or self._noting.done()):
            self._noting = asyncio.ensure_future(asyncio.to_thread(self._tokens.write_uses))

    def _count_wrong(self, request: Request) -> None:
        now = time.monotonic()
        address = request.client.host if request.client else ""
        if len(self._wrong) > 1_000:
            self._wrong.clear()
        recent = self._wrong.setdefault(address, deque(maxlen=WRONG_TOKENS))
        if len(recent) == WRONG_TOKENS and now - recent[0] < WINDOW:
            raise Problem(429, "Too many wrong tokens from this address; wait a minute.", Retry_After="60")
        recent.append(now)


def cookie(scope: Scope) -> str | None:
    """The token in the page's cookie."""
    for entry in _header(scope, b"cookie").split(";"):
        name, _, value = entry.strip().partition("=")
        if name == (SECURE_COOKIE if scope.get("scheme") == "https" else COOKIE) and value:
            return value
    return None


def drop_cookie(request: Request, response: Response) -> None:
    """Have the browser forget its token."""
    _set_cookie(request, response, "", 0)


def _set_cookie(request: Request, response: Response, secret: str, lasts: int = COOKIE_LASTS) -> None:
    secure = request.url.scheme == "https"
    name = SECURE_COOKIE if secure else COOKIE
    response.set_cookie(name, secret, max_age=lasts, path="/", secure=secure, httponly=True, samesite="strict")


def _called(token: Token) -> str:
    return f"{'phone' if token.phone else 'rest'}:{token.name}"


def _header(scope: Scope, wanted: bytes) -> str:
    return next((str(value.decode("latin-1")) for name, value in scope["headers"] if name == wanted), "")


def _bearer(authorization: str) -> str | None:
    scheme, _, secret = authorization.partition(" ")
    return secret.strip() if scheme.lower() == "bearer" and secret.strip() else None
