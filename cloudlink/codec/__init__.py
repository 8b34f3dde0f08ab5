"""Values as the decimal digits that a cloud variable may hold, and back."""

from cloudlink.codec.languages import LANGUAGES, check_languages
from cloudlink.codec.values import decode, encode, encode_msgpack

__all__ = ["LANGUAGES", "check_languages", "decode", "encode", "encode_msgpack"]
