"""The result, for people and for tools: one file per output in `tocsin.report.formats`."""
