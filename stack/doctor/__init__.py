"""Finds and explains what is wrong with an installation."""
