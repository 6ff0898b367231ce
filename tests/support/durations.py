"""How durations are written, wherever one is shown: in a terminal, the menu bar, the dashboard."""

from __future__ import annotations

WRITTEN = (  # seconds, and how a person reads them
    (0.0003, "0.3 ms"),
    (0.0041, "4.1 ms"),
    (0.00996, "10 ms"),
    (0.04, "40 ms"),
    (0.9993, "999 ms"),
    (0.9999, "1.0 s"),
    (4.24, "4.2 s"),
    (9.97, "10 s"),
    (42, "42 s"),
    (59.7, "1 min"),
    (91, "2 min"),
    (3580, "1 h 0 min"),
    (7380, "2 h 3 min"),
    (86_390, "1 d 0 h"),
    (200_000, "2 d 8 h"),
)
