"""Web pages for people: translates, decides nothing."""
