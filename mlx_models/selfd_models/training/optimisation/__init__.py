"""One training step: what it minimises, how weights move, and how hot it runs."""
