"""Events that could not be stored: finding, correcting, replaying and discarding them."""
