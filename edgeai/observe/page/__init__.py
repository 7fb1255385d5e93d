"""The page of the live view: one HTML, its style and scripts, served as they are."""
