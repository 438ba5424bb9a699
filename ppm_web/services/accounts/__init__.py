"""The people who may sign in, and who did what. Views and commands use it; it uses no other room."""
