"""A simulated board and its surroundings, one idea a file: slowdowns, heat, battery, meter, durations; seeded."""
