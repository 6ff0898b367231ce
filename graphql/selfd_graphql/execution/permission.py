"""Narrow tokens: who shows one may send the documents that it is for, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from graphql import GraphQLError
from strawberry.extensions import SchemaExtension

from selfd_graphql.context import shown_authorization

_MESSAGE = (
    "this token may send only the documents of the client that it was made for: start that client "
    "anew if selfd was upgraded, or show the daemon's own token"
)


class Permission(SchemaExtension):
    """Refuse a document that the shown token is not for, before anything of it is run.

    It comes after `Preparation`, whose verdict on the document it replaces: a narrow token learns
    nothing about the schema either.
    """

    def on_validate(self) -> Iterator[None]:
        """Put the refusal in the place of other errors."""
        context, query = self.execution_context.context, self.execution_context.query
        permits = context.get("permits")
        if permits and query and not permits(shown_authorization(context), query):
            refusal = GraphQLError(_MESSAGE, extensions={"code": "FORBIDDEN"})
            self.execution_context.pre_execution_errors = [refusal]
        yield
