"""One file per log format; each holds a constant `FORMAT`. See `tocsin.events.format`."""
