"""What is known of a sale's storage outside the storage: which one it is, and how far it had come.

A storage that lost orders cannot know that. So each worker remembers the most changes that it saw, those of a server
together (`high_water.py`), and one object in the store keeps a *mark* for all (`storage_mark.py`, `keeper.py`). What is
less than either is an older storage, and sells nothing; nor does another storage than the mark's.
"""
