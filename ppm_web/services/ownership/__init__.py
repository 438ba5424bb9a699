"""What a shop is to get: the catalogue's rows as the plain values that publishing sends."""
