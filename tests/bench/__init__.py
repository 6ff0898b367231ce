"""Measurements: `make bench` runs every module here that has `rows`."""
