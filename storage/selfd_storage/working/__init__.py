"""What selfd works at and with: jobs, nights, engrams, minds, and the lineage of its weights."""
