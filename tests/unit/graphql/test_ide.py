"""GraphiQL as it lies in the package."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any

import pytest
from starlette.responses import FileResponse

from selfd_graphql.transport.ide import FOLDER, Ide, content_security_policy

VENDORED = json.loads((FOLDER / "VENDOR.json").read_text(encoding="utf-8"))
OWN = {"page.html", "ide.js", "ide.css", "VENDOR.json"}


def scope(path: str, accept: str = "text/html", query: bytes = b"") -> dict[str, Any]:
    """Return what a server would say of a GET."""
    headers = [(b"accept", accept.encode()), (b"host", b"127.0.0.1:7353")]
    return {
        "type": "http",
        "method": "GET",
        "path": path,
        "headers": headers,
        "query_string": query,
    }


@pytest.mark.parametrize("entry", VENDORED, ids=lambda entry: entry["file"])
def test_each_vendored_file_has_the_hash_of_its_package(entry: dict[str, str]) -> None:
    content = (FOLDER / entry["file"]).read_bytes()
    assert base64.b64encode(hashlib.sha384(content).digest()).decode() == entry["sha384"]


def test_every_file_is_ours_or_vendored() -> None:
    assert {path.name for path in FOLDER.iterdir()} == OWN | {entry["file"] for entry in VENDORED}


def test_the_page_loads_nothing_from_elsewhere() -> None:
    page = (FOLDER / "page.html").read_text(encoding="utf-8")
    loaded = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert len(loaded) == 9
    for address in loaded:
        assert address == "data:," or address.startswith("@BASE@/static/")
    assert "<style" not in page
    assert "onclick" not in page


def test_every_file_that_the_page_loads_is_served() -> None:
    response = Ide().response(scope("/graphql"))
    assert response is not None
    names = re.findall(r'"/graphql/static/([^"]*)"', bytes(response.body).decode())
    assert len(names) == 8
    for name in names:
        assert isinstance(Ide().response(scope(f"/graphql/static/{name}")), FileResponse)


@pytest.mark.parametrize("name", ["VENDOR.json", "page.html", "nothing.js", "", "..", "%2e%2e"])
def test_no_other_file_is_served(name: str) -> None:
    assert Ide().response(scope(f"/graphql/static/{name}", accept="*/*")) is None


def test_a_query_is_not_answered_with_the_page() -> None:
    assert Ide().response(scope("/graphql", query=b"query={__typename}")) is None


def test_a_script_is_not_answered_with_the_page() -> None:
    assert Ide().response(scope("/graphql", accept="*/*")) is None


def test_the_path_cannot_break_out_of_the_page() -> None:
    response = Ide().response(scope('/"><script>alert(1)</script>'))
    assert response is not None
    assert b"<script>alert" not in response.body


def test_the_policy_allows_no_inline_script_and_no_other_host() -> None:
    policy = content_security_policy("127.0.0.1:7353")
    assert "default-src 'self';" in policy
    assert "script-src" not in policy
    assert "connect-src 'self' ws://127.0.0.1:7353;" in policy
    assert "unsafe-eval" not in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize("host", ["", "a; script-src *", "a\nb", "x y"])
def test_a_strange_host_does_not_get_into_the_policy(host: str) -> None:
    assert "connect-src 'self';" in content_security_policy(host)
