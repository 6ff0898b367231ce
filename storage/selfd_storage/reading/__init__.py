"""What selfd read: documents, feeds and their articles, the stories and terms in these."""
