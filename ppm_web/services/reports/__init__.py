"""Numbers about it all, read only: where the products stand in each shop, and how quickly they got there."""
