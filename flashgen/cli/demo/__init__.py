"""`flashgen demo`: its project, and its story step by step."""
