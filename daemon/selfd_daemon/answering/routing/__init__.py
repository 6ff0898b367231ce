"""Which of the tasks a question is: a small classifier, trained on questions of our own."""

from selfd_daemon.answering.routing.router import Router

__all__ = ["Router"]
