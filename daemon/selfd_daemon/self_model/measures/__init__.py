"""What is measured of selfd: who it is, its body, what it cannot do, how well it knows, affect."""
