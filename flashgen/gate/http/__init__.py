"""Requests to the gate: who asks, what they may have, what they are answered.

`app.py` is the raw ASGI app; `sale_handler.py` answers one sale's GET and POST, `probes.py` machines.
"""
