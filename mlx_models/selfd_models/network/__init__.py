"""The layers of the byte hybrid, each written once, for every backend."""
