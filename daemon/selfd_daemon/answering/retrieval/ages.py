"""How old the articles are that a question found: of what else fits alike, news is the newer.

Memories and documents have no age here: when a thing was told says little about how true it is. Nor
have articles where a question names a time of its own, such as "in May": the search heeds that.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from selfd_daemon.answering.retrieval.origins import published
from selfd_storage import ArticleRecord, Item
from selfd_storage.language.cues import span_of

HALF_LIFE = timedelta(days=30)  # in which an article is half as new; docs/lab/0016


def ages(text: str, items: Iterable[Item]) -> dict[str, float]:
    """Return the age of each article by its id: 0 for the newest of them, near 1 for old ones.

    The ages are those at the newest article, so that an answer does not change while nothing comes.
    """
    articles = [item for item in items if isinstance(item, ArticleRecord)]
    if not articles:
        return {}
    newest = max(map(published, articles))
    if span_of(text, newest) is not None:
        return {}
    return {each.id: 1.0 - 0.5 ** ((newest - published(each)) / HALF_LIFE) for each in articles}
