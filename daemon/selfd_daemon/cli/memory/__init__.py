"""Remember and ask: memories, questions, conversations, and who they speak of."""
