"""Answers that a mind writes: what it reads, its prompt, and each sentence held to its sources."""
