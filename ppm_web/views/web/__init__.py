"""What holds for all pages: who may see them, addresses, headers, errors, languages, and how values look."""
