"""`flashgen status`: reads each sale, and prints it once or keeps a board."""
