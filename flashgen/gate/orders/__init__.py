"""What becomes of an order after it was written: `forwarder.py` sends it to the order subsystem (`order_subsystem.py`),
which has the last word on it."""
