"""`flashgen demo`: its project, its story, its buyers."""
