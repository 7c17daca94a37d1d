"""HTTP: translates requests into use cases and back; decides nothing."""
