"""A gate's processes, and what they are put together from.

`supervisor.py` starts workers. Each is made from a `config.py` that `cli` fills in: the app (`worker.py`), and the
threads that serve each sale (`sale_worker.py`).
"""
