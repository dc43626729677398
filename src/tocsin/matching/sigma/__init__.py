"""Sigma rules: pySigma parses them, this package says what they mean for one event."""
