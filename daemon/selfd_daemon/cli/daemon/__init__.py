"""The daemon's own life: starting and stopping it, what it does, and which models it has."""
