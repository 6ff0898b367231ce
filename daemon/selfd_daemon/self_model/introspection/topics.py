"""What selfd can be asked about itself, and how it answers from its self-model.

Each topic has a pattern for questions that speak to selfd (`you`, `your`), an example of one, and
words made of measured figures alone. What is not known is said to be unknown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from selfd_daemon.self_model.introspection import topic_words as words
from selfd_daemon.self_model.introspection.topic_words import Words


@dataclass(frozen=True, slots=True)
class Topic:
    """One thing that can be asked; `example` is how the assessment asks it."""

    name: str
    example: str
    pattern: re.Pattern[str]
    words: Words


def topic_of(question: str) -> Topic | None:
    """Return what a question asks selfd about itself, None where it does not."""
    plain = " ".join(question.lower().replace("’", "'").split())
    if not _ADDRESSED.search(plain) or _REMINDS.search(plain):
        return None
    return next((topic for topic in TOPICS if topic.pattern.search(plain)), None)


_ADDRESSED = re.compile(r"\b(?:you|your|yourself)\b")
# What follows is asked of the memories, whoever is spoken to.
_REMINDS = re.compile(r"^(?:do|can|could|would) you (?:remember|recall|know|tell)\b")


def _topic(name: str, example: str, pattern: str, says: Words) -> Topic:
    return Topic(name, example, re.compile(pattern), says)


# The first that fits counts, so narrower ones come first.
TOPICS: tuple[Topic, ...] = (
    _topic(
        "machine memory",
        "How much memory does your machine have?",
        r"how much (?:memory|ram) does your (?:machine|computer|mac)\b",
        lambda m: (
            f"The machine has {words.megabytes(m.body.memory_total)} of memory, "
            f"{words.megabytes(m.body.memory_available)} of it available."
        ),
    ),
    _topic(
        "resident memory",
        "How much memory do you use?",
        r"(?:memory|ram) (?:do|are) you (?:use|using|take|taking|need)|your memory us(?:e|age)",
        lambda m: f"I use {words.megabytes(m.body.resident_memory)} of memory.",
    ),
    _topic(
        "disk",
        "How much disk space do you have left?",
        r"\bdisk(?: space)? do you have|your disk\b",
        lambda m: f"{words.megabytes(m.body.disk_free)} of the disk are free.",
    ),
    _topic(
        "load",
        "How busy is your processor?",
        r"how busy (?:is your|are you)|your (?:processor|cpu|load)\b",
        lambda m: f"The processors of this machine are {m.body.cpu_load:.0%} loaded.",
    ),
    _topic(
        "battery",
        "How full is your battery?",
        r"how (?:full|charged|much).*\byour battery\b|your battery (?:level|charge)",
        lambda m: words.known(
            m.body.battery_share,
            f"The battery is {words.share(m.body.battery_share)} full.",
            "how full the battery is",
        ),
    ),
    _topic(
        "power source",
        "Are you running on battery?",
        r"you (?:running )?on (?:battery|mains)|are you plugged",
        words.power,
    ),
    _topic(
        "heat",
        "How hot is your machine?",
        r"how (?:hot|warm) (?:is your (?:machine|computer|mac)|are you)|your temperature",
        lambda m: words.known(
            m.body.thermal_pressure, f"The heat is {m.body.thermal_pressure}.", "how hot it is"
        ),
    ),
    _topic(
        "power",
        "How much power do you draw?",
        r"(?:power|energy|watts?) do you (?:draw|use|need)",
        words.watts,
    ),
    _topic(
        "network",
        "Is your network up?",
        r"your network\b|are you (?:online|offline|connected)",
        words.network,
    ),
    _topic(
        "device",
        "What machine do you run on?",
        r"\bwh(?:at|ich)\b.*\b(?:machine|device|computer|hardware)\b.*\brun",
        lambda m: f"I run on {m.body.device}.",
    ),
    _topic(
        "backend",
        "Which backend do you compute with?",
        r"backend do you\b|your backend\b",
        lambda m: f"I compute with {m.body.backend}.",
    ),
    _topic(
        "name",
        "What is your name?",
        r"\byour name\b|what are you called|^who are you\b",
        lambda m: f"My name is {m.identity.name}.",
    ),
    _topic(
        "birth",
        "When were you born?",
        r"when were you (?:born|made|set up)|how old are you|your (?:age|birthday)",
        lambda m: f"I was first started on {m.identity.born_at:%Y-%m-%d at %H:%M} UTC.",
    ),
    _topic("values", "What are your values?", r"your values|you (?:hold|stick) to", words.values),
    _topic(
        "lineage",
        "How many generations of weights do you come from?",
        r"your lineage\b|generations of weights do you",
        words.lineage,
    ),
    _topic(
        "weights",
        "Which weights do you serve with?",
        r"(?:weights|checkpoint) do you\b|your (?:weights|checkpoint)\b",
        lambda m: f"I serve with the weights {m.identity.checkpoint}.",
    ),
    _topic(
        "memories",
        "How many memories do you have?",
        r"how many (?:memories|things) do you (?:have|know|remember)",
        words.count("memories", "memory", "memories"),
    ),
    _topic(
        "articles",
        "How many articles do you have?",
        r"how many articles (?:do|have|did) you",
        words.count("articles", "article", "articles"),
    ),
    _topic(
        "documents",
        "How many documents do you have?",
        r"how many (?:documents|files) (?:do|have|did) you",
        words.count("documents", "document", "documents"),
    ),
    _topic(
        "feeds",
        "How many feeds do you follow?",
        r"how many feeds (?:do|have|did) you",
        words.count("feeds", "feed", "feeds"),
    ),
    _topic(
        "answers",
        "How many answers have you given?",
        r"how many (?:answers|questions) (?:have|did) you",
        words.count("answers", "answer to show", "answers to show"),
    ),
    _topic(
        "jobs",
        "How many jobs are you running?",
        r"how many jobs (?:are|do) you|what jobs are you",
        words.count("runningJobs", "job running", "jobs running"),
    ),
    _topic(
        "problems",
        "How many problems do you have?",
        r"problems do you have|do you have (?:any )?(?:problems?|trouble)\b|wrong with you\b",
        words.count("problems", "problem", "problems"),
    ),
    _topic(
        "right",
        "How often are you right?",
        r"how often are (?:you|your answers) (?:right|wrong|correct)"
        r"|how (?:good|accurate|reliable) are your answers|trust (?:you|your answers)\b",
        words.right,
    ),
    _topic(
        "calibration",
        "How well calibrated are you?",
        r"calibrated are you|are you (?:well )?calibrated|your calibration\b"
        r"|you know when you are (?:right|wrong)|how (?:sure|certain|confident) are (?:you\b|your)",
        words.calibration,
    ),
    _topic(
        "goals",
        "What are your goals?",
        r"your (?:own )?goals?\b|what do you want",
        words.goals,
    ),
    _topic(
        "unknown",
        "What do you not know about yourself?",
        r"(?:not|n't) (?:you )?know about yourself",
        lambda m: words.listed(
            "I do not know", "There is nothing that I know I do not know.", m.unknown
        ),
    ),
    _topic(
        "limits",
        "What can you not do?",
        r"what (?:can|are|may) you not\b|what (?:can't|cannot) you\b|your limits?\b",
        lambda m: words.listed("I am limited now. Selfd", "Nothing is disabled.", m.limits),
    ),
    _topic(
        "abilities",
        "What are you good at?",
        r"you (?:good|bad) at|^what can you do\W*$"
        r"|your (?:abilities|capabilities|skills|strengths|weaknesses)",
        words.abilities,
    ),
    _topic(
        "attention",
        "What are you paying attention to?",
        r"your attention\b|you paying attention|are you thinking (?:about|of)|on your mind\b"
        r"|^what are you doing\W*$",
        words.attention,
    ),
    _topic(
        "affect",
        "How are you?",
        r"^how are you\b|do you (?:feel|have (?:any )?(?:feelings|emotions))\b"
        r"|your (?:mood|feelings?|affect)"
        r"|are you (?:tired|happy|sad|bored|curious|conscious|sentient|alive|self-aware)\b",
        lambda m: words.affect(m.affect),
    ),
)
