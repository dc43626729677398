"""What was seen and what was not, and what follows: coverage and the decision."""
