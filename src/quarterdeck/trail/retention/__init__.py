"""How long records are kept, and where: purge by policy, and reports that check both."""
