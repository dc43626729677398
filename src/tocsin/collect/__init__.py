"""Copy off a server what the hunt reads; `collect.py` tells the story, formats give the list."""
