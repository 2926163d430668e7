"""Great Expectations: what must hold of new events and of marts before anyone sees them."""
