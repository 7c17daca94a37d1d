"""Numbers of SLOs from a Prometheus."""
