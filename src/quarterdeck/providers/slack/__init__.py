"""Slack, by an incoming webhook or a bot's token."""
