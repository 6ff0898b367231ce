"""How well confidence foretells right answers: measured, fitted, and fitted again to outcomes."""
