"""Mail that left a real mailbox and that its owner did not write, out of message tracking."""
