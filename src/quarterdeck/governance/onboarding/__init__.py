"""Onboarding: the checklist by which a tenant joins, and offboarding by which it leaves."""
