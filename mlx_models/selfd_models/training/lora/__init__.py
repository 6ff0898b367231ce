"""Low-rank adapters for minds of mlx-lm: how they are trained, and what they are held to."""
