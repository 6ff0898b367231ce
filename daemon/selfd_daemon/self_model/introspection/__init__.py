"""Questions about selfd itself: what they ask for, of which time, and the words of the answer."""
