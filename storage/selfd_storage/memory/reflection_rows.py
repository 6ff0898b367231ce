"""What becomes of reflections when a memory goes: those that quote it go with it."""

from __future__ import annotations

from selfd_storage.database import Transaction


def reflections_over(tx: Transaction, memory: int) -> list[int]:
    """Return the reflections that quote a memory; their episodes may be reflected on again."""
    values = {"memory": memory}
    rows = tx.execute(
        "SELECT DISTINCT reflection_id FROM reflection_sources WHERE memory_id = :memory", values
    ).fetchall()
    found = [int(number) for (number,) in rows]
    for number in found:
        forget_episode(tx, number)
    return found


def forget_episode(tx: Transaction, reflection: int) -> None:
    """Have the episode of a reflection reflected on again."""
    tx.execute("DELETE FROM episodes WHERE reflection_id = :reflection", {"reflection": reflection})


def drop_reflection(tx: Transaction, memory: int) -> None:
    """Remove what a memory quotes, if it is a reflection; its episode stays done."""
    values = {"memory": memory}
    tx.execute("DELETE FROM reflection_sources WHERE reflection_id = :memory", values)
    tx.execute("UPDATE episodes SET reflection_id = NULL WHERE reflection_id = :memory", values)
