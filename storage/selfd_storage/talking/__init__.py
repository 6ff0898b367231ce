"""What was asked and answered: conversations, what answers cite, and how they turned out."""
