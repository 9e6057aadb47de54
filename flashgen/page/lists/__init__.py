"""The list of products: its pages, and the index that a script searches."""
