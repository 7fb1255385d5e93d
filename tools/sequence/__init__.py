"""How the small models of readings are made that the tests run: one with a state, one on windows."""
