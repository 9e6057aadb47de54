"""What shoppers get: themes, assets, images and rendering, up to a Site of files with their headers."""
