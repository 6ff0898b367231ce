"""What training reads: folders of text, the shares of each kind, and what keeps the old learned."""
