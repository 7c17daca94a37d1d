"""Real servers that tests start for themselves, and that end with the test run."""
