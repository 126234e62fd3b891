"""The REST API."""

from api.rest.lean_fastapi import import_late

import_late()
