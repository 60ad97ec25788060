"""Working days, terms and the moments they end."""
