"""The nouns of Tocsin: plain, frozen, and without behaviour that reads or writes anything."""
