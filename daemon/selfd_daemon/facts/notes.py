"""Notes about the owner that name nobody: `Prefers window seats`, `Allergic to peanuts`.

Programs write facts and preferences so. Such a note is read as if `User` stood before it; its quote
is what the note says.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from selfd_daemon.facts.reading import read_statements
from selfd_daemon.facts.vocabulary import OWNER
from selfd_storage import NewStatement

_VERB = re.compile(
    r"(?:Likes|Loves|Adores|Enjoys|Prefers|Hates|Dislikes|Can['’]t stand|Lives in|Resides in"
    r"|Works (?:at|for|as)|Studies at|Speaks|Plays|Is|Has|Was born|Grew up in|Moved to|No longer"
    r"|Used to|Doesn['’]t like|Graduated from|Married)\b",
    re.IGNORECASE,
)
_STATE = re.compile(
    r"(?:Allergic to|Vegetarian|Vegan|Married to|Based in|Fond of)\b", re.IGNORECASE
)


def read_note(text: str, at: datetime) -> list[NewStatement]:
    """Return what a fact or a preference states, of the owner where it names nobody."""
    found = read_statements(text, at)
    if found or "\n" in text.strip():
        return found
    said = text.strip()
    if _STATE.match(said):
        subject = "User is"
    elif _VERB.match(said):
        subject = "User"
    else:
        return []
    whole = f"{subject} {said[0].lower()}{said[1:]}"
    return [
        replace(each, object=said[place : place + len(each.object)], quote=said)
        for each in read_statements(whole, at)
        if each.subject == OWNER and (place := said.lower().find(each.object.lower())) >= 0
    ]
