"""Read models: what stands in the logs, as rows that answer questions."""
