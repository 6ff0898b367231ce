"""Who and what the items name, and what they state."""
