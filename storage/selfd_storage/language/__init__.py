"""English as the index reads it: terms, stems, wordings, and the times that words name. No rows."""
