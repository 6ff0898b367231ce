"""What selfd was told, and what its nights make of it: memories and reflections."""
