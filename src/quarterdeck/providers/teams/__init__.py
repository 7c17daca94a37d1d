"""Microsoft Teams, by a workflow's webhook."""
