"""Know a cloud estate, watch it, act on it by runbook, and prove what was done."""
