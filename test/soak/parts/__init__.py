"""What the soak tests are made of."""
