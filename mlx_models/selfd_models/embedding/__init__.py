"""Sentence embeddings: hashed words and character n-grams, and a head on the latent."""
