"""Campaigns: a pack and a constituency."""
