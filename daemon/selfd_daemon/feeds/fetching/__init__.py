"""The web, politely: public addresses alone, bounded replies, few requests at once, robots.txt."""
