"""`flashgen gate`: start its processes, and its orders for people."""
