"""Meters: what tells the board's power, temperature, throttling, clock frequencies and battery."""
