"""What becomes of one operation: it is prepared, weighed, permitted, run, and told of."""
