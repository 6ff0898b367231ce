"""The words of `index.db`: where terms occur, and what stands beside what."""
