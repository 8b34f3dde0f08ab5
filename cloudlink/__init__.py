"""cloudlink: connect Python programs with Scratch and TurboWarp projects through cloud variables."""

from importlib.metadata import PackageNotFoundError as _PackageNotFoundError
from importlib.metadata import distribution as _distribution

from cloudlink.client import CloudClient
from cloudlink.connection import CloudConnection, TwCloudConnection
from cloudlink.errors import (
    Busy,
    CloudError,
    CloudlinkError,
    ConnectFailed,
    ConnectionRefused,
    DecodeError,
    InvalidArgument,
    NotConnected,
    PlayerError,
    RequestError,
    RequestTimeout,
    SpriteError,
    ValueTooLong,
)
from cloudlink.limits import SCRATCH, TURBOWARP, Limits
from cloudlink.link.settings import Channel
from cloudlink.server import CloudRequests

__all__ = [
    "SCRATCH",
    "TURBOWARP",
    "Busy",
    "Channel",
    "CloudClient",
    "CloudConnection",
    "CloudError",
    "CloudRequests",
    "CloudlinkError",
    "ConnectFailed",
    "ConnectionRefused",
    "DecodeError",
    "InvalidArgument",
    "Limits",
    "NotConnected",
    "PlayerError",
    "RequestError",
    "RequestTimeout",
    "SpriteError",
    "TwCloudConnection",
    "ValueTooLong",
]


def _refuse_a_stranger_in_our_place() -> None:
    """Another project on the package index is called `cloudlink` and installs the same import name."""
    try:
        stranger = _distribution("cloudlink")
    except _PackageNotFoundError:
        return
    raise ImportError(
        f"another project's package, cloudlink {stranger.version}, is installed in the same place as ours "
        "(cloudlink-scratch), and their files overwrite each other. Remove both and install the one you want: "
        "pip uninstall cloudlink cloudlink-scratch; pip install cloudlink-scratch"
    )


_refuse_a_stranger_in_our_place()
