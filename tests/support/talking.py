"""A server of a model on loopback that says what it is told to, in OpenAI's protocol."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from support.serving import served


@asynccontextmanager
async def talking_server(words: Sequence[str]) -> AsyncIterator[str]:
    """Serve a model that always says `words`, and yield its URL."""

    async def models(request: Request) -> Response:
        return JSONResponse({"data": [{"id": "talker"}]})

    async def chat(request: Request) -> Response:
        async def stream() -> AsyncIterator[str]:
            for word in words:
                choice = {"delta": {"content": word}, "finish_reason": None}
                yield f"data: {json.dumps({'choices': [choice]})}\n\n"
            yield "data: [DONE]\n\n"

        return StreamingResponse(stream(), media_type="text/event-stream")

    async def complete(request: Request) -> Response:
        async def stream() -> AsyncIterator[str]:
            for word in words:
                yield f"data: {json.dumps({'choices': [{'text': word}]})}\n\n"
            yield "data: [DONE]\n\n"

        return StreamingResponse(stream(), media_type="text/event-stream")

    app = Starlette(
        routes=[
            Route("/v1/models", models),
            Route("/v1/chat/completions", chat, methods=["POST"]),
            Route("/v1/completions", complete, methods=["POST"]),
        ]
    )
    async with served(app) as port:
        yield f"http://127.0.0.1:{port}"
