"""Long work: one runner, handlers by kind, progress that anybody can follow."""

from selfd_daemon.jobs.context import Handler, JobContext
from selfd_daemon.jobs.errors import NothingToDoError
from selfd_daemon.jobs.runner import JobRunner

__all__ = ["Handler", "JobContext", "JobRunner", "NothingToDoError"]
