"""Brings in the pictures that a sale names by URLs. Nothing else fetches what a file names: no build, no check."""
