"""The self-model: identity, body, capabilities, goals, affect, attention; all of it measured."""

from selfd_daemon.self_model.introspection.answers import SelfAnswer
from selfd_daemon.self_model.service import SelfModelService

__all__ = ["SelfAnswer", "SelfModelService"]
