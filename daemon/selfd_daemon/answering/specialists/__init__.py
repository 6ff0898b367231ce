"""Answers to some kinds of questions: sums, news, what has changed, selfd itself."""
