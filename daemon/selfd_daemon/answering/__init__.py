"""From a question to an answer that rests on what is stored, or to saying that it is not known.

question -> task -> kept answer? -> retrieve -> the best sentences, verbatim -> how likely they
answer -> answer or abstain. `drafts.Specialist` is the door for those who answer some questions in
a way of their own.
"""

from selfd_daemon.answering.drafts import Draft, Specialist
from selfd_daemon.answering.service import AnsweringService

__all__ = ["AnsweringService", "Draft", "Specialist"]
