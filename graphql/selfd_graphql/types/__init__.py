"""What the API speaks of: types by topic, and what each adds to queries and mutations."""
