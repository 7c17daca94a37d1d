"""What is done with the registry, and with what probes find."""
