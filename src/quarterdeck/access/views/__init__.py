"""Views of lists that people keep: an address, under a name of theirs."""
