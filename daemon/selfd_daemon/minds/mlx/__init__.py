"""Minds that mlx-lm runs from a folder on this machine."""
