"""Values as the decimal digits that a cloud variable may hold, and back."""

from cloudlink.codec.values import decode, encode

__all__ = ["decode", "encode"]
