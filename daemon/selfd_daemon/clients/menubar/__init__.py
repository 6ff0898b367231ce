"""The menu bar: its own process, its own token, a pure model and a thin Qt adapter."""
