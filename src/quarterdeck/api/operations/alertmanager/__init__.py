"""Alertmanager's API v2: for Prometheus, vmalert, Grafana and amtool, as they are.

https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml. The tenant is the
token's; a token of many names it by ``/t/{tenant}`` before the path. What is refused by the
rules of alerts and silences is answered as Alertmanager does, so that its clients can say why.
"""
