"""Minds behind HTTP servers: their protocols, connections and turns."""
