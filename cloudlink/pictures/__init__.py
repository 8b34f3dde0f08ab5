"""Pictures of blocks, for people who read about them."""
