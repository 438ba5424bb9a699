"""The pages of shops: the list, a shop, and its settings."""
