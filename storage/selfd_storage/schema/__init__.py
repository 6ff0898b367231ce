"""The tables of `selfd.db`, and how a file comes to have them: numbered steps."""
