"""The report of a rehearsal: one HTML file that needs nothing else."""
