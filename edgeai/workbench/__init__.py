"""What a person does to models at a desk."""
