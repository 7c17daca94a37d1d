"""How often a tenant may ask."""
