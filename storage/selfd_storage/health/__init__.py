"""Whether a store is well: what it takes on disk, and which rows are damaged."""
