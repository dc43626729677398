"""Demonstration data: a made-up country, told by its own feeds through the real importers."""
