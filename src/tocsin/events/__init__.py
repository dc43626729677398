"""Rows out of artefacts: one file per log format in `tocsin.events.formats`."""
