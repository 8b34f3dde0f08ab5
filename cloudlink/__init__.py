"""cloudlink: connect Python programs with Scratch and TurboWarp projects through cloud variables."""

from importlib.metadata import PackageNotFoundError as _PackageNotFoundError
from importlib.metadata import distribution as _distribution

from cloudlink.classic.settings import ClassicChannel
from cloudlink.classic.storage import storage_handlers
from cloudlink.client import CloudClient
from cloudlink.codec.classic import Encoding
from cloudlink.codec.rows import Rows
from cloudlink.connection import CloudConnection, TwCloudConnection
from cloudlink.errors import (
    BadResponse,
    Busy,
    ClientClosed,
    CloudError,
    CloudlinkError,
    CommentRejected,
    ConnectFailed,
    ConnectionLost,
    ConnectionRefused,
    DecodeError,
    Forbidden,
    InvalidArgument,
    LoginFailed,
    LoginRequired,
    Muted,
    NotConnected,
    NotFound,
    PlayerError,
    RateLimited,
    Rejected,
    RequestError,
    RequestTimeout,
    ServiceGone,
    SiteError,
    SiteUnavailable,
    SiteUnreachable,
    SpriteError,
    StorageError,
    ValueTooLong,
)
from cloudlink.events import CloudEvent, CloudEvents, TwCloudEvents
from cloudlink.level import Level
from cloudlink.limits import SCRATCH, TURBOWARP, Limits
from cloudlink.link.settings import Channel
from cloudlink.rest.account import check_email, check_password, check_username, request_password_reset
from cloudlink.rest.classrooms import Classroom, get_classroom, get_classroom_from_token
from cloudlink.rest.client import Client, set_default_client
from cloudlink.rest.cloud_logs import CloudLogEntry, get_cloud, get_cloud_logs, get_var
from cloudlink.rest.comments import Comment
from cloudlink.rest.endpoints import Hosts
from cloudlink.rest.forum_posts import ForumPost, get_post
from cloudlink.rest.forum_search import search_posts
from cloudlink.rest.forum_topics import (
    ForumCategory,
    ForumTopic,
    forum_categories,
    get_topic,
    get_topic_list,
    iter_topic_list,
)
from cloudlink.rest.frontpage import (
    curated_projects,
    design_studio_projects,
    featured_projects,
    featured_studios,
    get_news,
    newest_projects,
    top_loved,
    top_remixed,
)
from cloudlink.rest.identity import decode_session_id
from cloudlink.rest.languages import text_to_speech, translate, translation_languages
from cloudlink.rest.login import login
from cloudlink.rest.pictures import get_picture, picture_url
from cloudlink.rest.projects import PartialProject, Project, get_project
from cloudlink.rest.search import explore_projects, explore_studios, search_projects, search_studios
from cloudlink.rest.session import Session
from cloudlink.rest.statistics import (
    age_distribution,
    country_counts,
    get_cloud_health,
    get_health,
    get_site_health,
    monthly_site_traffic,
    total_site_stats,
)
from cloudlink.rest.studios import Studio, get_studio
from cloudlink.rest.users import User, get_user
from cloudlink.rpc.budget import Budget
from cloudlink.serve.player import Player, ReceivedRequest
from cloudlink.serve.requesters import LogTimes
from cloudlink.server import CloudRequests
from cloudlink.set_authors import SetAuthors
from cloudlink.storage import Storage
from cloudlink.transport.authors import Author, Doubt
from cloudlink.transport.backlog import WhenDown
from cloudlink.transport.life import Cause, State, Status
from cloudlink.transport.turns import Priority

__all__ = [
    "SCRATCH",
    "TURBOWARP",
    "Author",
    "BadResponse",
    "Budget",
    "Busy",
    "Cause",
    "Channel",
    "ClassicChannel",
    "Classroom",
    "Client",
    "ClientClosed",
    "CloudClient",
    "CloudConnection",
    "CloudError",
    "CloudEvent",
    "CloudEvents",
    "CloudLogEntry",
    "CloudRequests",
    "CloudlinkError",
    "Comment",
    "CommentRejected",
    "ConnectFailed",
    "ConnectionLost",
    "ConnectionRefused",
    "DecodeError",
    "Doubt",
    "Encoding",
    "Forbidden",
    "ForumCategory",
    "ForumPost",
    "ForumTopic",
    "Hosts",
    "InvalidArgument",
    "Level",
    "Limits",
    "LogTimes",
    "LoginFailed",
    "LoginRequired",
    "Muted",
    "NotConnected",
    "NotFound",
    "PartialProject",
    "Player",
    "PlayerError",
    "Priority",
    "Project",
    "RateLimited",
    "ReceivedRequest",
    "Rejected",
    "RequestError",
    "RequestTimeout",
    "Rows",
    "ServiceGone",
    "Session",
    "SetAuthors",
    "SiteError",
    "SiteUnavailable",
    "SiteUnreachable",
    "SpriteError",
    "State",
    "Status",
    "Storage",
    "StorageError",
    "Studio",
    "TwCloudConnection",
    "TwCloudEvents",
    "User",
    "ValueTooLong",
    "WhenDown",
    "age_distribution",
    "check_email",
    "check_password",
    "check_username",
    "country_counts",
    "curated_projects",
    "decode_session_id",
    "design_studio_projects",
    "explore_projects",
    "explore_studios",
    "featured_projects",
    "featured_studios",
    "forum_categories",
    "get_classroom",
    "get_classroom_from_token",
    "get_cloud",
    "get_cloud_health",
    "get_cloud_logs",
    "get_health",
    "get_news",
    "get_picture",
    "get_post",
    "get_project",
    "get_site_health",
    "get_studio",
    "get_topic",
    "get_topic_list",
    "get_user",
    "get_var",
    "iter_topic_list",
    "login",
    "monthly_site_traffic",
    "newest_projects",
    "picture_url",
    "request_password_reset",
    "search_posts",
    "search_projects",
    "search_studios",
    "set_default_client",
    "storage_handlers",
    "text_to_speech",
    "top_loved",
    "top_remixed",
    "total_site_stats",
    "translate",
    "translation_languages",
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
