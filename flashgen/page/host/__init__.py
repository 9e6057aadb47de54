"""The files at the host's root, which its sales share: a list of them, the 404 page, robots.txt, sitemap.xml."""
