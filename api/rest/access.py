"""Who asks, and whether they may."""

import time
from collections import deque

from starlette.requests import Request

from api.rest.problems import Problem
from controller.tokens import Role, TokenStore, digest

WRONG_TOKENS = 10  # from one address within WINDOW, then 429
WINDOW = 60.0  # s


class Access:
    """Bearer tokens and roles. Shutting off never comes here."""

    def __init__(self, tokens: TokenStore, console_secret: str, require_token: bool) -> None:
        self._tokens = tokens
        self._console = digest(console_secret)
        self._require_token = require_token
        self._wrong: dict[str, deque[float]] = {}
        tokens.list()  # so that the first shut-off finds its sender's name

    def require(self, request: Request, role: Role, burner: str | None = None) -> str:
        """Who asks, as journal and timers name them ("rest:Anna"). Raises :class:`Problem` (401, 403, 429).

        A token for some burners may do nothing to the others, nor to the stove as a whole (``burner`` None).
        """
        secret = _bearer(request)
        if secret is None:
            if self._require_token:
                raise Problem(
                    401,
                    "A token is needed: make one with flameout tokens add, and send it as Authorization: Bearer ….",
                    WWW_Authenticate="Bearer",
                )
            return "rest"
        if digest(secret) == self._console:
            return "console"
        token = self._tokens.find(secret)
        if token is None:
            self._count_wrong(request)
            raise Problem(
                401,
                "This token is not known, or was revoked.",
                kind="token-unknown",
                WWW_Authenticate='Bearer error="invalid_token"',
            )
        if not token.role.includes(role):
            raise Problem(403, f"This token's role is {token.role}; this needs the role {role}.", kind="role-too-low")
        if token.burners and role is not Role.VIEW and burner not in token.burners:
            raise Problem(403, f"This token is for {' and '.join(token.burners)} only.", kind="other-burner")
        return f"rest:{token.name}"

    def allows(self, request: Request, role: Role) -> bool:
        """Whether who asked may still do so: a token may have been revoked meanwhile."""
        secret = _bearer(request)
        if secret is None or digest(secret) == self._console:
            return True
        token = self._tokens.find(secret)
        return token is not None and token.role.includes(role)

    def name(self, authorization: str) -> str:
        """Who sends this Authorization header, for the record only; nobody is turned away, and no disk is asked."""
        secret = _secret(authorization)
        if secret is None:
            return "rest"
        if digest(secret) == self._console:
            return "console"
        token = self._tokens.remembered(secret)
        return f"rest:{token.name}" if token is not None else "rest"

    def _count_wrong(self, request: Request) -> None:
        now = time.monotonic()
        address = request.client.host if request.client else ""
        if len(self._wrong) > 1_000:
            self._wrong.clear()
        recent = self._wrong.setdefault(address, deque(maxlen=WRONG_TOKENS))
        if len(recent) == WRONG_TOKENS and now - recent[0] < WINDOW:
            raise Problem(429, "Too many wrong tokens from this address; wait a minute.", Retry_After="60")
        recent.append(now)


def _bearer(request: Request) -> str | None:
    return _secret(request.headers.get("authorization", ""))


def _secret(authorization: str) -> str | None:
    scheme, _, secret = authorization.partition(" ")
    return secret.strip() if scheme.lower() == "bearer" and secret.strip() else None
