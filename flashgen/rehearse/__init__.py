"""What a crowd will do: its polling, and shoppers who do it."""
