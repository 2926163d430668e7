"""The write side: HTTP in, raw events out."""
