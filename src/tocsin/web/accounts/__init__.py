"""Who may sign in, by which means, and what each may do in which campaign."""
