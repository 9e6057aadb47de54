"""`flashgen forecast`: what is typed, and how a forecast is shown as text and as JSON."""
