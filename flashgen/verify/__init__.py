"""Reading a pushed sale back as shoppers get it.

::

    verification.py   what is looked at, many at a time
    polling.py        the pointer as pages ask for it, until the edge has had the time to show it
    observed.py       what is expected, through which edge, and what was found
    objects.py        judges a page or an asset; its headers, security.py
    private.py        judges what the order gate reads, in the store
    pointer.py        judges the pointer
    surroundings.py   judges what the public must not see, and what it sees where nothing is

The judges are pure: a response and an expectation in, findings out. `flashgen.doctor` calls them too.
"""
