"""Hand-offs: what whoever ends a shift leaves for whoever begins, and what is open then."""
