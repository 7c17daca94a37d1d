"""Named ways out of a tenant, and by which of them a person is reached."""
