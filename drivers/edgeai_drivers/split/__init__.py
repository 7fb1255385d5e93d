"""A pipeline split over machines: messages, the clocks of both sides, and the session that carries them."""
