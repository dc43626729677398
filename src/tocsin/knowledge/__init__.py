"""Facts with sources: typed loaders, and `data/` which holds the facts themselves."""
