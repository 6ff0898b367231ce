"""Models of the hub: which of them this machine can run, and how they get here."""
