"""Proofs that histories are as they were written: what is looked at, and what is said of it; audit.py asks for them."""
