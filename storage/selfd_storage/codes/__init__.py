"""The codes of `index.db`: what texts mean, in a few bits a dimension."""
