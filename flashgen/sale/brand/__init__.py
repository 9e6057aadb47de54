"""The section `brand` of a sale or of flashgen.yaml."""
