"""Results of `tocsin hunt` that owners send, and evidence that the desk hunts through itself."""
