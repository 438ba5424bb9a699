"""The pages of categories: the tree, a category, and the choice of one in forms."""
