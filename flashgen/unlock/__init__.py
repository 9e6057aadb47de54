"""The one file that changes during a sale, the pointer: what it says, and how it is changed.

::

    state.py ─ verbs.py      a SaleState, and pure functions from one to the next
    pointer.py ─ token.py    the file's text, and the order token in it
    pointer_file.py, pointer_writer.py    reading it, and all that a change needs
    transition.py            journal, then one conditional write; conflicts.py says who wins
    arm.py                   waiting for T0 with everything prepared; clock_offset.py, by whose clock
    first_pointer.py         how push puts it, or restores it from journal.py
    pending_attempts.py, visibility.py    what became of a change, and whether the public sees it
"""
