"""Rules against events and files: mechanical matches, without judgement."""
