"""The verbs of sale time: preview, question, wait, write, report."""
