"""From a question to documents in order: each retriever's opinion, and all of them weighed."""
