"""`flashgen infra`: from options to a stack."""
