"""Tocsin hunts collected servers for evidence of compromise, and says what it could not see."""

__version__ = "0.1.0"
