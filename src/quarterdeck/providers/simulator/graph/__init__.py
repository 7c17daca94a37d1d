"""Microsoft Graph, simulated."""
