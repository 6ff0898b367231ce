"""The mind that ships with selfd."""
