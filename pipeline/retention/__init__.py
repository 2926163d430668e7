"""Retention: what is due goes, and what was made of it stays."""
