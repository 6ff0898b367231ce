"""How texts lie in rows: packed, vouched for by a hash, and packed anew as they age."""
