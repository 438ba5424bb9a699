"""The pages of what failed for good."""
