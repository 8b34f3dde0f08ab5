"""Storage for handlers: a transactional dictionary and leaderboards, in an SQLite file or another database.

    Storage                  what a server's handlers use; a dictionary itself
    |- Namespace             a dictionary with keys of its own
    |- Leaderboard           scores of players, as `Entry`
    `- Transactions          one writer at a time, among this program's threads and tasks
       `- Backend, Rows      a database: `sqlite` (the default) or `sql` (whatever SQLAlchemy reaches)

`values` has the forms in which the database holds values, keys and scores.
"""

from __future__ import annotations

from cloudlink.storage.leaderboard import Entry, Leaderboard
from cloudlink.storage.namespace import Namespace
from cloudlink.storage.storage import Storage

__all__ = ["Entry", "Leaderboard", "Namespace", "Storage"]
