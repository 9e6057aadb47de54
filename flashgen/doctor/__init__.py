"""Preflight: what would go wrong tonight, found while there is time to mend it.

::

    subject.py       what is examined: a target, its store, its sales, the secret
    examination.py   the checks in their order; what one needs of another; errors as findings
    credentials.py   those of the store: do they last; the secret: is it there, can it be guessed
    store.py         conditional writes, on a private scratch key; the bucket's versions, privacy, region
    permissions.py   who may go live, push, prune, invalidate
    distribution.py  CloudFront's behaviours against those of `flashgen.edge`, and the headers that it adds
    clock.py         this machine's clock against the store's and the edge's
    sale.py          the files of one sale, its build, its pointer in the store
    pushed.py        what the store has of it: manifest, claim; is a push due, and may it still be
    public.py        what shoppers get, as `flashgen.verify` judges it
    gate.py          are the order servers there, and do they know the secret
    leaks.py         is a secret or a token where it must not be; spellings.py knows what to look for

Nothing here changes anything public. What is written lies under `_flashgen/doctor/`, and is deleted again; whether more
may be written is tried by requests that have to be refused.
"""
