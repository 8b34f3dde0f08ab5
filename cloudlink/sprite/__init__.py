"""Turns readable block notation into Scratch sprites and projects, and checks them."""
