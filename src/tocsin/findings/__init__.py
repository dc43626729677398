"""Matches become statements: attack chains joined across sources, with citations."""
