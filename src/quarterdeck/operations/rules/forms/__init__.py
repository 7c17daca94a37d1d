"""Rules as others write them: the native form, three of the runbooks, Prometheus' rule files."""
