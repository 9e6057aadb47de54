"""The crowd of a rehearsal: what it is to do, what one visitor does, and thousands of them on Locust."""
