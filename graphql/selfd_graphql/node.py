"""What everything with an id has in common."""

from __future__ import annotations

import strawberry

from selfd_graphql import described


@described.interface
class Node:
    """Anything that has an id, and that node(id) can find by it."""

    id: strawberry.ID
