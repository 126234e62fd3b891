"""Who asks, as a page wants to know it."""

from typing import Self

from pydantic import BaseModel

from api.rest.access import Caller
from controller.stove import Stove
from controller.tokens import Role


class MeView(BaseModel):
    """Who asks; ``role`` is null for somebody who is not let in yet, and ``pairing`` how that can be changed."""

    name: str | None
    role: Role | None
    burners: list[str]
    phone: bool
    pairing: str

    @classmethod
    def of(cls, caller: Caller, stove: Stove) -> Self:
        """The view of a caller."""
        token = caller.token
        return cls(
            name=caller.name if caller.role is not None else None,
            role=caller.role,
            burners=[*token.burners] if token is not None else [],
            phone=token is not None and token.phone,
            pairing=stove.reception.way(),
        )
