"""Which media type answers a request, after GraphQL over HTTP."""

from __future__ import annotations

from typing import Literal, TypeAlias

MediaType: TypeAlias = Literal["application/graphql-response+json", "application/json"]

GRAPHQL_RESPONSE: MediaType = "application/graphql-response+json"
JSON: MediaType = "application/json"

# The drafts move: one of 2026 asks for 422, the audits and today's clients for 400.
REQUEST_ERROR_STATUS = 400

_OFFERED: dict[str, MediaType] = {
    GRAPHQL_RESPONSE: GRAPHQL_RESPONSE,
    JSON: JSON,
    "application/*": GRAPHQL_RESPONSE,
    "*/*": JSON,
}


def negotiate(accept: str) -> MediaType | None:
    """Return the offer that an Accept header likes best, the first of equals; None to refuse."""
    if not accept.strip():
        return JSON
    best: tuple[float, MediaType] | None = None
    for part in accept.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        offer, quality = _OFFERED.get(name), _quality(parameters)
        if offer is not None and quality > (best[0] if best else 0.0):
            best = (quality, offer)
    return best[1] if best else None


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return float(parameter[2:])
            except ValueError:
                return 0.0
    return 1.0
