"""A line-following rover in simulation: pure machines, and the two drivers through which a pipeline meets them."""
