"""For the tests of those who build on edgeai: recordings replayed in pytest, and faults on the virtual clock."""
