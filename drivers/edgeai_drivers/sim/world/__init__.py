"""The simulated world: pure machines and pictures, with time passed in; no clock, no thread, no I/O."""
