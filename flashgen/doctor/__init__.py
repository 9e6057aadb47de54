"""Preflight: what would go wrong tonight, found while there is time to mend it.

::

    subject.py       what is examined: a target, its store, its sales, the secret
    examination.py   the checks in their order; what one needs of another; errors as findings
    account.py       credentials
    store.py         conditional writes and permissions, on a private scratch key
    bucket.py        versions, privacy, region
    distribution.py  CloudFront's behaviours against those of `flashgen.edge`; its headers, distribution_security.py
    clock.py         this machine's clock against the store's and the edge's
    secret.py        is it there, can it be guessed; strength.py judges one key
    sale.py          the files of one sale, and its build
    pushed.py        what the store has of it: manifest, claim; is a push due, and may it still be
    pointer.py       the pointer in the store
    public.py        what shoppers get
    gate.py          are the order servers there, and do they know the secret
    leaks.py         is a secret or a token where it must not be; spellings.py knows what to look for

Nothing here writes anything public: the only objects written lie under `_flashgen/doctor/`, and are deleted again.
"""
