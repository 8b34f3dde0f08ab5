"""A server that looks users of the Scratch site up: where they live, and what they say about themselves.

    python examples/profile.py my-game-1234 https://scratch.mit.edu/users/me

The project is built from scratch_sprites/recipes/profile.
"""

from __future__ import annotations

import sys

from cloudlink import (
    Client,
    CloudRequests,
    InvalidArgument,
    NotFound,
    RequestError,
    SiteError,
    TwCloudConnection,
    get_user,
)
from cloudlink.transport.connection import Connection


def make_server(connection: Connection, *, site: Client | None = None) -> CloudRequests:
    """A server for profiles on a connection; `site` leads to another Scratch site than the real one."""
    client = CloudRequests(connection)

    @client.request
    def profile(name: str) -> str:
        try:
            user = get_user(name, client=site)
        except (InvalidArgument, NotFound):  # the first one for no name at all
            raise RequestError(f"nobody is called {name}") from None
        except SiteError:
            raise RequestError("Scratch does not answer, try again later") from None
        return f"{user.username} from {user.country or 'somewhere'}: {user.about_me}"

    return client


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    make_server(TwCloudConnection(sys.argv[1], contact=sys.argv[2])).run()
