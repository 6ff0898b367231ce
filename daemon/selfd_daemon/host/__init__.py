"""The machine that selfd runs on: power, heat, load, idleness, measured on macOS and Linux."""
