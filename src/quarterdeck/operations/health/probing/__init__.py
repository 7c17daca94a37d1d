"""Looking: one module a kind of probe, each bounded in time."""
