"""What a crowd will do: its polling, and shoppers and buyers who do it."""
