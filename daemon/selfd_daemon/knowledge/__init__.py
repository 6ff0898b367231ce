"""What the articles of many feeds come to: stories, claims and trends."""
