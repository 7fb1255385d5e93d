"""How the shipped pilots are made and proven: frames, networks, export and closed-loop drives."""
