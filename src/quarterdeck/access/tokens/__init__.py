"""Tokens: secrets that programs and people show."""
