"""Jira, by its REST API, version 2: Cloud and Data Center alike."""
