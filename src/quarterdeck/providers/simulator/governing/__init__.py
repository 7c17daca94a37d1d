"""What Azure says of an estate's order: policies, security, advice, roles."""
