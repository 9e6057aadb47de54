"""Reading a pushed sale back as shoppers get it.

`verification.py` reads. The judges (`objects.py`, `security.py`, `pointer.py`, `exposure.py`) are pure: a response and
an expectation in, findings out. `flashgen.doctor` calls them too.
"""
