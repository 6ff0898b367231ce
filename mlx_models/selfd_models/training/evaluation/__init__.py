"""What a model or a candidate is measured by: held-out bits, order, retrieval, the assessment."""
