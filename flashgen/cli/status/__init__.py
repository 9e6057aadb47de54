"""`flashgen status`: read each sale, print it once or keep a board."""
