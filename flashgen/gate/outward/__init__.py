"""What a gate tells hooks: SKUs that sold out, and problems that last."""
