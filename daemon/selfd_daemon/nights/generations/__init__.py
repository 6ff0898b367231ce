"""What trainings leave behind: weights and adapters, the gate before them, and the way back."""
