"""Sigma correlations: what several rows say together, counted in windows of time."""
