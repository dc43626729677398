"""The incident report: an authority's questions, with what a hunt knows filled in."""
