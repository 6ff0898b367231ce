"""Nights: the planner, its steps, training in a process of its own, the gate, and the lineage."""

from selfd_daemon.nights.activity import Activity
from selfd_daemon.nights.generations.lineage import Lineage
from selfd_daemon.nights.service import NightService

__all__ = ["Activity", "Lineage", "NightService"]
