"""Builds the pages that shoppers see: themes, assets, images and rendering, into a Site of files with headers."""
