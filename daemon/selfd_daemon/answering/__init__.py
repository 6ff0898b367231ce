"""From a question to an answer in the words of what is stored, or to saying that it is not known.

question -> retrieve -> the best sentences, verbatim -> how likely they answer -> answer or abstain.
"""

from selfd_daemon.answering.service import AnsweringService

__all__ = ["AnsweringService"]
