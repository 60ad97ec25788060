"""All configurations that a case can be in, explored: what the searches over single states cannot see."""
