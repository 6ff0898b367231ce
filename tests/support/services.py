"""Services in memory, with the methods of the ports and streams that a test can feed."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from strawberry.types.execution import ExecutionResult

from support.fakes.answering import Answering
from support.fakes.knowledge import Articles, Feeds, Graph, Knowledge
from support.fakes.memories import Documents, Engrams, Memories, Search
from support.fakes.minds import Minds
from support.fakes.nights import Jobs, Nights
from support.fakes.self_model import SelfKnowledge
from support.fakes.system import Events, Portability, System

# A query with its variables in, what clients would get out; and the same of a subscription.
Ask: TypeAlias = Callable[..., Awaitable[ExecutionResult]]
Follow: TypeAlias = Callable[..., AsyncGenerator[ExecutionResult, None]]


@dataclass
class FakeServices:
    """Every port, each a small fake that a test can look into."""

    memories: Memories = field(default_factory=Memories)
    search: Search = field(default_factory=Search)
    documents: Documents = field(default_factory=Documents)
    engrams: Engrams = field(default_factory=Engrams)
    feeds: Feeds = field(default_factory=Feeds)
    articles: Articles = field(default_factory=Articles)
    knowledge: Knowledge = field(default_factory=Knowledge)
    graph: Graph = field(default_factory=Graph)
    answering: Answering = field(default_factory=Answering)
    minds: Minds = field(default_factory=Minds)
    jobs: Jobs = field(default_factory=Jobs)
    nights: Nights = field(default_factory=Nights)
    events: Events = field(default_factory=Events)
    portability: Portability = field(default_factory=Portability)
    system: System = field(default_factory=System)
    self_model: SelfKnowledge = field(default_factory=SelfKnowledge)
