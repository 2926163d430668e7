"""One module for each command of ``footfall``."""
