"""A YAML file as plain data, with the place of every value; models that say in our own words what does not fit."""
