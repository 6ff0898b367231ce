"""Builds what reads: documents, engrams, feeds, and what the articles of many feeds come to."""

from __future__ import annotations

from datetime import timedelta

from selfd_daemon.documents.service import DocumentService
from selfd_daemon.engrams import EngramService
from selfd_daemon.feeds.articles import ArticleService
from selfd_daemon.feeds.service import FeedService
from selfd_daemon.host.network import is_metered
from selfd_daemon.knowledge.service import KnowledgeService
from selfd_daemon.wiring.foundation import Foundation


def documents(base: Foundation) -> DocumentService:
    """Read files of this machine, in a child process that ends with the daemon."""
    settings = base.settings
    service = DocumentService(
        base.store,
        base.jobs,
        settings.documents,
        data_folder=settings.data_dir,
        monotonic=base.monotonic,
    )
    base.stack.push_async_callback(service.close)
    return service


def engrams(base: Foundation) -> EngramService:
    """Keep folders in one searchable file each."""
    return EngramService(base.store, base.jobs, base.settings.folder, now=base.now)


def feeds(base: Foundation) -> FeedService:
    """Follow feeds for as long as the daemon runs."""
    service = FeedService(
        base.store,
        base.bus,
        base.jobs,
        base.settings,
        now=base.now,
        version=base.version,
        is_metered=is_metered,
    )
    base.stack.push_async_callback(service.close)
    base.work("feeds", service.run)
    return service


def articles(base: Foundation, feeds: FeedService) -> ArticleService:
    """Mark single articles, and read them in full with the manners and limits of the feeds."""
    return ArticleService(base.store, feeds.full_text, now=base.now, offline=base.settings.offline)


def knowledge(base: Foundation) -> KnowledgeService:
    """Make stories of new articles, and shrink old ones."""
    keep = timedelta(days=base.settings.feeds.keep_days)
    embed = base.embedders[0].embed if base.embedders else None
    service = KnowledgeService(base.store, now=base.now, keep=keep, embed=embed)
    base.work("knowledge", service.run)
    base.work("retention", service.tidy)
    return service
