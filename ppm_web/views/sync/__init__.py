"""Syncs as the pages show them: asking for one, the badges under way, and the log."""
