"""What selfd knows of itself: its versions, goals, thoughts, assessments and track record."""
