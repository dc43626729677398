"""Compromised or disputed hosts that a person follows."""
