"""What a stage does around its model, as steps of its programs, and what it remembers from one job to the next."""
