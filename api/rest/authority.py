"""/tls: the own certificate authority, for phones to trust. Its certificate only; the key is never read here."""

import asyncio
import socket
import uuid
from pathlib import Path

from fastapi import APIRouter
from starlette.responses import Response

from api.rest.problems import Problem
from api.tls import certificates
from controller.stove import Stove

_HEADERS = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}


def router(stove: Stove) -> APIRouter:
    """GET /tls/authority.crt and /tls/authority.mobileconfig; no token, for a phone has none yet."""
    routes = APIRouter(prefix="/tls", include_in_schema=False)
    file = certificates.Files.beside(stove.journal.path).authority_cert

    @routes.get("/authority.crt")
    async def certificate() -> Response:
        return Response(await _read(file), headers=_HEADERS, media_type="application/x-x509-ca-cert")

    @routes.get("/authority.mobileconfig")
    async def mobileconfig() -> Response:
        content = profile(await _read(file), socket.gethostname())
        return Response(content, headers=_HEADERS, media_type="application/x-apple-aspen-config")

    return routes


def profile(der: bytes, host: str) -> bytes:
    """An iOS configuration profile that holds the authority; the same one for the same authority."""
    import plistlib  # noqa: PLC0415 - with a parser of XML, for one download on seldom a phone

    mark = uuid.uuid5(uuid.NAMESPACE_OID, certificates.fingerprint(der))
    payload = {
        "PayloadType": "com.apple.security.root",
        "PayloadVersion": 1,
        "PayloadIdentifier": f"flameout.authority.{mark}",
        "PayloadUUID": str(uuid.uuid5(mark, "payload")).upper(),
        "PayloadDisplayName": f"flameout authority of {host}",
        "PayloadCertificateFileName": "flameout-authority.crt",
        "PayloadContent": der,
    }
    return plistlib.dumps(
        {
            "PayloadType": "Configuration",
            "PayloadVersion": 1,
            "PayloadIdentifier": f"flameout.profile.{mark}",
            "PayloadUUID": str(mark).upper(),
            "PayloadDisplayName": f"flameout on {host}",
            "PayloadDescription": "Lets this device trust the flameout at home. Switch it on afterwards under "
            "Settings, General, About, Certificate Trust Settings.",
            "PayloadContent": [payload],
        }
    )


async def _read(file: Path) -> bytes:
    try:
        return await asyncio.to_thread(certificates.der, file)
    except FileNotFoundError:
        raise Problem(404, "There is no own certificate authority; flameout certificate make makes one.") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise Problem(503, f"The authority's certificate cannot be read: {why}.") from None
