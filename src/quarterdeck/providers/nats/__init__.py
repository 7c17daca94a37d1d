"""NATS JetStream: carries the topic of appended records to programs of others."""
