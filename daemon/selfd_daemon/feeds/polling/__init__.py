"""When feeds are asked for news: one poll, a round over many, and the loop that waits."""
