"""What a person does to models and plans at a desk: simulate a day, draw a plan."""
