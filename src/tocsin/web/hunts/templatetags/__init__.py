"""What templates of hunts may call."""
