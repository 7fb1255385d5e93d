"""The story of a recording as one page: `story` reads it, `pictures` draws its slowest frames, `page` shows all."""
