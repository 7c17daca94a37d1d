"""Reports on a trail: what an auditor asks for, and the package that proves it."""
