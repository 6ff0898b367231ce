"""The assessment: tests of what selfd says about itself against what can be measured."""

from selfd_daemon.self_model.assessment.battery import Battery

__all__ = ["Battery"]
