"""The command line. Click and rich live here only; each command gathers arguments, calls one function and reports."""
