"""The dashboard: a page without build step or foreign code, on the same API as every client."""
