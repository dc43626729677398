"""Those whom the CSIRT looks after: organisations, what is theirs, and how to reach them."""
