"""Values as the decimal digits that a cloud variable may hold, and back."""

from cloudlink.codec.values import decode, encode, encode_msgpack

__all__ = ["decode", "encode", "encode_msgpack"]
