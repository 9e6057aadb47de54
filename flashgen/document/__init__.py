"""Reads a YAML file as plain data with positions, and turns it into models or problems in plain words."""
