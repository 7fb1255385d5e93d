"""Acts: the only floor with threads and queues. Two engines, one scheduler."""
