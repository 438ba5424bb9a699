"""The pages of products: the list and its filter, a product, its form, its pictures, its shops."""
