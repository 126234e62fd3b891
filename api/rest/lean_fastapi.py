"""Has FastAPI's models of OpenAPI built when somebody asks for the description, not at every start.

FastAPI builds the validators of all forty as it is imported: 1.7 MiB that most daemons never use, and half of the time
that its import takes. pydantic builds them at their first use where ``defer_build`` says so.
"""

from typing import Any

from pydantic import BaseModel


def import_late() -> None:
    """Import FastAPI, if nobody has yet; models that others make are built as ever."""
    config = BaseModel.model_config
    before = vars(BaseModel).get("model_rebuild")
    if before is None:  # a pydantic that has it elsewhere builds early, as ever
        return

    def rebuild(cls: type[BaseModel], /, **how: Any) -> bool | None:
        """FastAPI asks plainly, to have it done early; pydantic names who asks, when it must be done."""
        return before.__func__(cls, **how) if how else None

    config["defer_build"] = True
    BaseModel.model_rebuild = classmethod(rebuild)  # type: ignore[method-assign, assignment]
    try:
        import fastapi.openapi.models  # noqa: F401, PLC0415 - the whole of it comes along
    finally:
        del config["defer_build"]
        BaseModel.model_rebuild = before  # type: ignore[method-assign]
