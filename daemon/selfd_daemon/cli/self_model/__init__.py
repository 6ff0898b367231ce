"""What it knows of itself and learns: self, journal, goals, tests, nights and weights."""
