"""The pages of people: signing in, one's own account, who may sign in, and who did what."""
