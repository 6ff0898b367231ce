"""The dashboard's files as routes: the page at /, the rest under /dashboard/.

Nothing here is secret, so nothing here needs a token: what the page shows comes from the API.
"""

from __future__ import annotations

from pathlib import Path

import orjson
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from selfd_graphql.operations import document, names

STATIC = Path(__file__).parent / "static"
OPEN_FOLDER = "/dashboard/"
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def dashboard_routes() -> list[BaseRoute]:
    """Return the routes; the documents that the page sends are read once."""
    documents = orjson.dumps({name: document(name) for name in names()})

    async def page(request: Request) -> Response:
        return FileResponse(
            STATIC / "index.html",
            media_type="text/html; charset=utf-8",
            headers={"content-security-policy": CONTENT_SECURITY_POLICY},
        )

    async def bundle(request: Request) -> Response:
        return Response(documents, media_type="application/json")

    return [
        Route("/", page),
        Route(f"{OPEN_FOLDER}operations.json", bundle),
        Mount(OPEN_FOLDER.rstrip("/"), StaticFiles(directory=STATIC)),
    ]
