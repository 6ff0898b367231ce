"""What it keeps, and how that goes out and comes back: tiers, backups, engrams, exports."""
