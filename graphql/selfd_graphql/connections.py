"""Relay connections over the store's pages: every list that grows comes as one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from selfd_graphql import described
from selfd_storage import Page

NodeType = TypeVar("NodeType")
Record = TypeVar("Record")


@described.output
class PageInfo:
    """Where a page lies in its list."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@described.output
class Edge(Generic[NodeType]):
    """One item of a page, with the cursor that the next page can start after."""

    cursor: str
    node: NodeType


@described.output
class Connection(Generic[NodeType]):
    """One page of a list. Cursors hold their place while items come and go."""

    edges: list[Edge[NodeType]]
    page_info: PageInfo
    total_count: int


def connection(page: Page[Record], convert: Callable[[Record], NodeType]) -> Connection[NodeType]:
    """Translate a page of records."""
    return Connection(
        edges=[
            Edge(cursor=cursor, node=convert(item))
            for cursor, item in zip(page.cursors, page.items, strict=True)
        ],
        page_info=PageInfo(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=page.cursors[0] if page.cursors else None,
            end_cursor=page.cursors[-1] if page.cursors else None,
        ),
        total_count=page.total,
    )
