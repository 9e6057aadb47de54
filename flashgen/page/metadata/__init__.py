"""What pages tell machines: search engines, messengers, and browsers that install a page."""
