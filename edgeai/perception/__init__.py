"""From a frame to a value: preprocessing, the model and its runtimes."""
