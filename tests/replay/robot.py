"""A stage in Python, as a robot's own code has it."""


def turn(result):
    """Return what is to be done about a steering angle."""
    return {"turn": round(result.value.values[0], 3)}
