"""Minds: the models that can answer, all behind one door."""

from selfd_daemon.minds.builtin.shipped import BUILTIN_MIND, load_model, model_ships
from selfd_daemon.minds.door import (
    Delta,
    Ended,
    Limits,
    Made,
    Message,
    Mind,
    Priority,
    Request,
)
from selfd_daemon.minds.errors import MindError
from selfd_daemon.minds.service import MindService

__all__ = [
    "BUILTIN_MIND",
    "Delta",
    "Ended",
    "Limits",
    "Made",
    "Message",
    "Mind",
    "MindError",
    "MindService",
    "Priority",
    "Request",
    "load_model",
    "model_ships",
]
