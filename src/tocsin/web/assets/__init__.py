"""Hosts of a campaign: what is known of each, why, whose it is, and what changed."""
