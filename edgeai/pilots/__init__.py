"""The pilots that drive the simulated rover: int8 models with their cards."""
