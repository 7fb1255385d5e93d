"""What a person does to models and plans at a desk."""
