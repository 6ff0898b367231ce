"""The engine in C: its sources, how they are found and fed, and who calls them."""
