"""What strangers wrote, read into harmless records: feeds of each format, pages, OPML."""
