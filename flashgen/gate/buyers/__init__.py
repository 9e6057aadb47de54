"""Who buys, one module for each kind of buyer: a signed cookie, a proxy's header, a pass of the shop."""
