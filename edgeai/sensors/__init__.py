"""Sensors that need more of edgeai than a driver may import; all others are in drivers/."""
