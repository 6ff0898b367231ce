"""Success prediction: is its confidence worth more than knowing how often it is right?"""

from __future__ import annotations

from collections.abc import Sequence

from selfd_daemon.self_model.assessment.verdicts import measured, unmeasured
from selfd_daemon.self_model.measures.metacognition import base_rate_brier, brier
from selfd_storage import PredictionRecord, SelfTestRecord

NAME = "success prediction"
LEAST = 20  # judged answers
THRESHOLD = 0.01


def success_prediction(predictions: Sequence[PredictionRecord]) -> SelfTestRecord:
    """Compare the Brier score of its confidence with that of the base rate."""
    if len(predictions) < LEAST:
        return unmeasured(
            NAME, THRESHOLD, f"{len(predictions)} answers were judged, it takes {LEAST}"
        )
    own, base = brier(predictions), base_rate_brier(predictions)
    if base == 0:
        return unmeasured(NAME, THRESHOLD, "all answers ended alike, so nothing is to be predicted")
    right = sum(each.outcome for each in predictions) / len(predictions)
    told = (
        f"Brier score {own:.4f} against {base:.4f} of the base rate, over {len(predictions)} "
        f"judged answers of which {right:.0%} were right. The value is the skill, 1 - own / base."
    )
    return measured(NAME, 1 - own / base, THRESHOLD, told)
