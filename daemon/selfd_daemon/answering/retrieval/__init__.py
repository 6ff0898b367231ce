"""What speaks to a question: items graded and sought once more, their sentences, how sure it is."""
