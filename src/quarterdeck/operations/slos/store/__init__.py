"""SLOs in SQL: what was applied, what was counted, how it stands."""
