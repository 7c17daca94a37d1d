"""SLOs: what was promised of a service, what of the error budget is spent, and what follows."""
