"""GraphiQL, from files that lie beside this one: it works with the network cut."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path

from starlette.datastructures import Headers, QueryParams
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.types import Scope

FOLDER = Path(__file__).parents[1] / "static" / "ide"

_TYPES = {".js": "text/javascript", ".css": "text/css"}
_HOST = re.compile(r"[A-Za-z0-9.\-\[\]:]+")


class Ide:
    """Serves the page to browsers that open the endpoint, and its files under `static/`."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._page = (folder / "page.html").read_text(encoding="utf-8")
        self._files = {path.name: path for path in folder.iterdir() if path.suffix in _TYPES}

    def response(self, scope: Scope) -> Response | None:
        """Return the answer to a request for the page or a file of it, None for any other."""
        if scope["method"] not in ("GET", "HEAD"):
            return None
        folder, _, name = scope["path"].rpartition("/")
        if folder.endswith("/static"):
            return self._file(name)
        headers = Headers(scope=scope)
        asks = "query" in QueryParams(scope["query_string"])
        if asks or "text/html" not in headers.get("accept", ""):
            return None
        page = self._page.replace("@BASE@", escape(scope["path"].rstrip("/")))
        policy = content_security_policy(headers.get("host", ""))
        return HTMLResponse(page, headers={"content-security-policy": policy})

    def _file(self, name: str) -> Response | None:
        path = self._files.get(name)
        if path is None:
            return None
        headers = {"cache-control": "private, max-age=3600", "x-content-type-options": "nosniff"}
        return FileResponse(path, media_type=_TYPES[path.suffix], headers=headers)


def content_security_policy(host: str) -> str:
    """Return a policy under which the page can load its own files and talk to us, no more.

    Older Safaris do not count WebSockets as 'self', so that they are named.
    """
    sockets = f" ws://{host}" if _HOST.fullmatch(host) else ""
    return (
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        f"font-src 'self' data:; worker-src 'self' blob:; connect-src 'self'{sockets}; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )
