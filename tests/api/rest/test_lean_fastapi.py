"""FastAPI's models of OpenAPI are built when somebody asks, and describe what they described."""

import json
import subprocess
import sys
from typing import Any

import pytest

AS_EVER = "import fastapi.openapi.models\n"
LATE = "from api.rest.lean_fastapi import import_late\nimport_late()\n"
BUILT = """
import json
from fastapi.openapi.models import OpenAPI, Operation, Schema
print(json.dumps([model.__pydantic_complete__ for model in (OpenAPI, Operation, Schema)]))
"""
DESCRIBED = """
import json
from fastapi import Depends, FastAPI, Path
from fastapi.security import OAuth2PasswordBearer
from pydantic import BaseModel

class Pan(BaseModel):
    burner: str
    lid: "Pan | None" = None

app = FastAPI(openapi_tags=[{"name": "pans", "externalDocs": {"url": "about:blank"}}])

@app.post("/pans/{number}", response_model=list[Pan], tags=["pans"], responses={404: {"model": Pan}})
def put(pan: Pan, number: int = Path(gt=0), token: str = Depends(OAuth2PasswordBearer("token"))):
    ...

print(json.dumps(app.openapi(), sort_keys=True))
"""
BY_OTHERS = """
import json
from pydantic import BaseModel, ConfigDict

class Pan(BaseModel):
    pass

class Late(BaseModel):
    model_config = ConfigDict(defer_build=True)

before = Late.__pydantic_complete__
Late.model_rebuild()
now = Late.__pydantic_complete__
print(json.dumps([Pan.__pydantic_complete__, before, now, "defer_build" in BaseModel.model_config]))
"""


def told(*programs: str) -> Any:
    """What a Python of its own prints."""
    done = subprocess.run([sys.executable, "-c", "".join(programs)], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize(("way", "built"), [(AS_EVER, True), (LATE, False), ("import api.rest.app\n", False)])
def test_they_are_not_built_before_anybody_asks(way: str, built: bool) -> None:
    assert told(way, BUILT) == [built] * 3


def test_the_description_is_the_same() -> None:
    described = told(LATE, DESCRIBED)
    assert described == told(AS_EVER, DESCRIBED)
    assert described["components"]["securitySchemes"]["OAuth2PasswordBearer"]["flows"]


def test_models_that_others_make_are_built_as_ever() -> None:
    assert told(LATE, BY_OTHERS) == [True, False, True, False]
