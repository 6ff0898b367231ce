"""selfd."""
