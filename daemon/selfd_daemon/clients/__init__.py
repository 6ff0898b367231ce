"""Programs for people that speak to the daemon through its API alone."""
