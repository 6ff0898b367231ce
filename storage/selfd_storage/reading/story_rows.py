"""The rows behind a story: counting its sources, and taking articles out of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from selfd_storage.database import Transaction


def recount(tx: Transaction, story: int) -> int:
    """Bring a story's figures up to its articles and return how many there are; 0: it is gone."""
    values = {"story": story}
    rows = tx.execute(
        "SELECT article_id, publisher, copy_of FROM story_articles WHERE story_id = :story", values
    ).fetchall()
    if not rows:
        tx.execute("DELETE FROM stories WHERE id = :story", values)
        return 0
    tx.execute(
        "UPDATE stories SET (first_seen_at, seen_at, latest_at) = ("
        " SELECT min(a.fetched_at), max(a.fetched_at), max(a.at) FROM story_articles AS s"
        " JOIN articles AS a ON a.id = s.article_id WHERE s.story_id = :story),"
        " articles = :articles, sources = :sources WHERE id = :story",
        {**values, "articles": len(rows), "sources": independent(rows)},
    )
    return len(rows)


def independent(rows: Iterable[tuple[int, str, int | None]]) -> int:
    """Count the sources of some articles, given as number, publisher, and what it is a copy of.

    A publisher is one source however much it writes, and so are all who print the same text.
    """
    chief: dict[int | str, int | str] = {}

    def chief_of(name: int | str) -> int | str:
        while (above := chief.setdefault(name, name)) != name:
            name = above
        return name

    names: list[int] = []
    for number, publisher, copy_of in rows:
        names.append(number)
        for other in (publisher, number if copy_of is None else copy_of):
            chief[chief_of(other)] = chief_of(number)
    return len({chief_of(number) for number in names})


def put_claims(tx: Transaction, article: int, claims: Sequence[str]) -> None:
    """Write what an article claims, in its order."""
    for position, text in enumerate(claims):
        tx.execute(
            "INSERT INTO claims (article_id, position, text) VALUES (:article, :position, :text)",
            {"article": article, "position": position, "text": text},
        )


def replace_claims(tx: Transaction, article: int, claims: Sequence[str]) -> None:
    """Write other claims of an article; one that has no story yet gets its claims with it."""
    values = {"article": article}
    if tx.execute("SELECT 1 FROM story_articles WHERE article_id = :article", values).fetchone():
        tx.execute("DELETE FROM claims WHERE article_id = :article", values)
        put_claims(tx, article, claims)


def take_out(tx: Transaction, articles: Sequence[int]) -> None:
    """Take articles that are about to go out of their stories, with their claims."""
    values = {"articles": json.dumps(list(articles))}
    tx.execute(
        "DELETE FROM claims WHERE article_id IN (SELECT value FROM json_each(:articles))", values
    )
    # A feed that is left is rare, and the rows are few: those of some days.
    tx.execute(
        "DELETE FROM article_terms WHERE article_id IN (SELECT value FROM json_each(:articles))",
        values,
    )
    rows = tx.execute(
        "DELETE FROM story_articles"
        " WHERE article_id IN (SELECT value FROM json_each(:articles)) RETURNING story_id",
        values,
    ).fetchall()
    for story in {int(row[0]) for row in rows}:
        recount(tx, story)
