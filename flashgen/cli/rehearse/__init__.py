"""`flashgen rehearse`: its project, its stage, trouble, and what is shown."""
