"""What selfd says about itself, made of measured figures alone; what is unknown is said to be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from selfd_graphql.ports import AffectInfo, SelfModelInfo

Words: TypeAlias = Callable[[SelfModelInfo], str]
NO_FEELING = "These are arithmetic over measured signals; I make no claim to feel anything."


def megabytes(size: int) -> str:
    """Return bytes in megabytes."""
    return f"{size / 1e6:,.1f} MB"


def known(value: object, words: str, what: str) -> str:
    """Return the words, or say that this machine does not tell."""
    return words if value is not None else f"I do not know {what}: this machine does not tell."


def share(value: float | None) -> str:
    """Return a share in percent."""
    return "" if value is None else f"{value:.0%}"


def power(model: SelfModelInfo) -> str:
    """Say where the power comes from."""
    battery = model.body.on_battery
    words = "I run on battery." if battery else "I run on mains power."
    return known(battery, words, "whether I run on battery")


def network(model: SelfModelInfo) -> str:
    """Say whether a network is up."""
    state = "up" if model.body.network_up else "down"
    return known(model.body.network_up, f"The network is {state}.", "whether a network is up")


def watts(model: SelfModelInfo) -> str:
    """Say how much power is drawn."""
    watts = model.body.watts
    return known(watts, f"The machine draws {watts or 0:.1f} W.", "how much power is drawn")


def values(model: SelfModelInfo) -> str:
    """Give the owner's words."""
    if not model.identity.values:
        return "I was given no values: the setting identity.values is where to say them."
    return "I was told to hold to: " + "; ".join(model.identity.values) + "."


def lineage(model: SelfModelInfo) -> str:
    """Say how long the lineage is, and whether it adds up."""
    count = len(model.identity.lineage)
    adds_up = "adds up" if model.identity.lineage_verified else "does not add up"
    generations = "1 generation" if count == 1 else f"{count} generations"
    return f"My weights have a lineage of {generations}, and its chain of hashes {adds_up}."


def right(model: SelfModelInfo) -> str:
    """Say how often answers were right."""
    judged = [each for each in model.capabilities if each.name.startswith("answer ")]
    attempts = sum(each.attempts for each in judged)
    if not attempts:
        return "I do not know how often I am right: none of my answers was judged yet."
    right = sum(each.successes for each in judged)
    return f"Of {attempts} judged answers {right} were right ({right / attempts:.0%})."


def calibration(model: SelfModelInfo) -> str:
    """Say how far confidence was off."""
    if model.calibration_error is None:
        return "I do not know how well I know what I know: none of my answers was judged yet."
    answers = sum(each.answers for each in model.calibration)
    return (
        f"My confidence is off by {model.calibration_error:.3f} on average, over {answers} "
        "judged answers."
    )


def abilities(model: SelfModelInfo) -> str:
    """Say how every judged kind of task went."""
    tried = [each for each in model.capabilities if each.attempts]
    if not tried:
        return "Nothing that I tried was judged yet, so I cannot say how well I do it."
    told = (
        f"{each.name}: {each.successes} of {each.attempts} ({each.low:.0%} to {each.high:.0%})"
        for each in tried
    )
    return "Of what was judged, with 95% intervals: " + "; ".join(told) + "."


def goals(model: SelfModelInfo) -> str:
    """Name the goals and how far each is."""
    if not model.goals:
        return "I have no goals yet."
    told = (f"{each.text.rstrip('.')} ({each.progress:.0%})" for each in model.goals)
    return "My goals: " + "; ".join(told) + "."


def attention(model: SelfModelInfo) -> str:
    """Say what holds the workspace."""
    if model.attention is None:
        return "Nothing holds my attention now."
    return f"What came to my attention last: {model.attention}"


def affect(found: AffectInfo) -> str:
    """Give the five figures, and say what they are not."""
    return (
        f"Valence {found.valence:+.2f}, arousal {found.arousal:.2f}, curiosity "
        f"{found.curiosity:.2f}, confidence {found.confidence:.2f}, fatigue "
        f"{found.fatigue:.2f}. {NO_FEELING}"
    )


def listed(intro: str, nothing: str, items: Sequence[str]) -> str:
    """Return items in one sentence, or what is said where there are none."""
    return f"{intro}: {'; '.join(items)}." if items else nothing


def count(name: str, one: str, many: str) -> Words:
    """Return words that tell a number of things."""

    def words(model: SelfModelInfo) -> str:
        count = model.counts.get(name, 0)
        return f"I have {count:,} {one if count == 1 else many}."

    return words
