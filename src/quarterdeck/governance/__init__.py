"""The estate: many cloud tenants, synced."""
