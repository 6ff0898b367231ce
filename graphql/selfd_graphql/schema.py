"""The schema, put together from what each noun adds to it."""

from __future__ import annotations

from functools import cache
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types
from strawberry.types.execution import ExecutionContext, ExecutionResult
from strawberry.types.graphql import OperationType

from selfd_graphql.context import FreshLoaders
from selfd_graphql.execution.failures import presented
from selfd_graphql.execution.limits import Limits
from selfd_graphql.execution.observation import Observation
from selfd_graphql.execution.permission import Permission
from selfd_graphql.execution.preparation import preparation
from selfd_graphql.execution.results import Executor
from selfd_graphql.scalars import SCALARS
from selfd_graphql.types.answers import AnswerMutation, AnswerSubscription
from selfd_graphql.types.assessments import AssessmentMutation, AssessmentQuery
from selfd_graphql.types.conversations import ConversationMutation, ConversationQuery
from selfd_graphql.types.documents import DocumentMutation
from selfd_graphql.types.engrams import EngramMutation, EngramQuery
from selfd_graphql.types.events import EventSubscription
from selfd_graphql.types.feeds import FeedMutation, FeedQuery, FeedSubscription
from selfd_graphql.types.goals import GoalMutation
from selfd_graphql.types.graph import GraphQuery
from selfd_graphql.types.jobs import JobMutation, JobQuery, JobSubscription
from selfd_graphql.types.journal import JournalQuery, JournalSubscription
from selfd_graphql.types.lookup import NodeQuery
from selfd_graphql.types.memories import MemoryMutation, MemoryQuery, MemorySubscription
from selfd_graphql.types.minds import MindMutation, MindQuery
from selfd_graphql.types.nights import NightMutation, NightQuery
from selfd_graphql.types.portability import PortabilityMutation
from selfd_graphql.types.search import SearchQuery
from selfd_graphql.types.self_model import SelfModelQuery, SelfModelSubscription
from selfd_graphql.types.settings import SettingMutation, SettingQuery
from selfd_graphql.types.status import StatusQuery
from selfd_graphql.types.storage import StorageMutation, StorageQuery
from selfd_graphql.types.stories import StoryQuery
from selfd_graphql.types.trends import TrendQuery

QUERIES = (
    StatusQuery,
    SettingQuery,
    NodeQuery,
    SelfModelQuery,
    JournalQuery,
    AssessmentQuery,
    MemoryQuery,
    SearchQuery,
    StorageQuery,
    EngramQuery,
    FeedQuery,
    StoryQuery,
    TrendQuery,
    GraphQuery,
    MindQuery,
    ConversationQuery,
    JobQuery,
    NightQuery,
)
MUTATIONS = (
    GoalMutation,
    AssessmentMutation,
    MemoryMutation,
    DocumentMutation,
    EngramMutation,
    FeedMutation,
    AnswerMutation,
    MindMutation,
    ConversationMutation,
    JobMutation,
    NightMutation,
    StorageMutation,
    SettingMutation,
    PortabilityMutation,
)
SUBSCRIPTIONS = (
    SelfModelSubscription,
    JournalSubscription,
    AnswerSubscription,
    MemorySubscription,
    FeedSubscription,
    JobSubscription,
    EventSubscription,
)


class Schema(strawberry.Schema):
    """A schema whose errors are fit for clients, whichever way they leave."""

    async def execute(self, query: str | None, **options: Any) -> ExecutionResult:  # type: ignore[override]  # the view names every option
        """Execute a query or a mutation; subscriptions have `stream`."""
        allowed = options.pop("allowed_operation_types", None) or set(OperationType)
        answered_once = set(allowed) - {OperationType.SUBSCRIPTION}
        return await super().execute(query, allowed_operation_types=answered_once, **options)

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Replace each error by what a client may see; bugs are logged on the way."""
        errors[:] = [presented(error) for error in errors]


@cache
def build_schema(limits: Limits | None = None) -> Schema:
    """Build the schema, once: it holds no state but its memory of prepared queries."""
    return Schema(
        query=merge_types("Query", QUERIES),
        mutation=merge_types("Mutation", MUTATIONS),
        subscription=merge_types("Subscription", SUBSCRIPTIONS),
        extensions=[Observation, preparation(limits or Limits()), Permission, FreshLoaders],
        execution_context_class=Executor,
        config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=True),
    )


def sdl() -> str:
    """Return the schema as text, as `graphql/schema.graphql` holds it."""
    return build_schema().as_str().rstrip() + "\n"
