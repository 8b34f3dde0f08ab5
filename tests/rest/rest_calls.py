"""Which call makes the request of which sample: the table that the contract tests and the mutation tests walk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from offline_site import INDEX, ME

from cloudlink import errors
from cloudlink.rest import frontpage, search, statistics
from cloudlink.rest.assets import get_asset, upload_asset
from cloudlink.rest.backpack import read_backpack_item
from cloudlink.rest.client import Client
from cloudlink.rest.projects import Project, count_projects, create_project, get_project, read_project
from cloudlink.rest.session import Session, login
from cloudlink.rest.studios import Studio, create_studio, get_studio, read_studio
from cloudlink.rest.users import User, get_user, read_user

Call = Callable[[Client], Any]

OTTER = "pixel_otter"
STUDIO = INDEX["cast"]["studio"]
SHARED = INDEX["cast"]["projects"]["shared"]


def user(client: Client, name: str = OTTER) -> User:
    return read_user({"username": name}, client=client, of="a test")


def me(client: Client) -> User:
    return user(client, ME["username"])


def project(client: Client, number: int = SHARED) -> Project:
    return read_project({"id": number, "author": {"username": OTTER}}, client=client, of="a test")


def mine(client: Client) -> Project:
    raw = {"id": INDEX["cast"]["projects"]["own_shared"], "author": {"username": ME["username"]}}
    return read_project(raw, client=client, of="a test")


def studio(client: Client) -> Studio:
    return read_studio({"id": STUDIO}, client=client, of="a test")


def session(client: Client) -> Session:
    return Session(ME["session_cookie"], client=client)


PNG = b"\x89PNG\r\n\x1a\n..."

SUCCESSES: dict[str, Call] = {
    # 3 login
    "login_ok": lambda c: login(ME["username"], ME["password"], client=c),
    "session": session,
    "session_muted_new_scratcher": session,
    "session_banned": session,
    # 4 users
    "user": lambda c: get_user("ScratchCat", client=c),
    "user_messages_count": lambda c: user(c).message_count(),
    "user_followers": lambda c: user(c).followers(),
    "user_following": lambda c: user(c).following(),
    "user_projects": lambda c: user(c).projects(),
    "user_favorites": lambda c: user(c).favorites(),
    "user_recentlyviewed": lambda c: me(c).viewed_projects(),
    "user_studios_curate": lambda c: user(c).studios(),
    "user_featured": lambda c: user(c).featured_data(),
    "user_featured_none": lambda c: user(c).featured_data(),
    "user_profile_put_bio": lambda c: me(c).set_bio("new about me"),
    "user_follow": lambda c: user(c).follow(),
    "user_unfollow": lambda c: user(c).unfollow(),
    "html_followers": lambda c: user(c).follower_count(),
    "html_following": lambda c: user(c).following_count(),
    "html_projects": lambda c: user(c).project_count(),
    "html_favorites": lambda c: user(c).favorites_count(),
    "html_studios": lambda c: user(c).studio_count(),
    "html_studios_following": lambda c: user(c).studio_following_count(),
    "html_loves": lambda c: user(c).loves_count(),
    "html_profile": lambda c: user(c).rank(),
    "html_user_activity": lambda c: user(c).activity_html(),
    "ocular_user": lambda c: user(c).ocular_status(),
    # 5 profile comments
    "profile_comments_page1": lambda c: user(c).comments(limit=1),
    "profile_comments_past_end": lambda c: user(c).comments(page=2),
    "profile_comment_add": lambda c: user(c).post_comment("hello & welcome"),
    "profile_comment_del": lambda c: me(c).delete_comment(comment_id="447700001"),
    "profile_comment_rep": lambda c: user(c).report_comment(comment_id="447000001"),
    "profile_toggle_comments": lambda c: me(c).toggle_commenting(),
    # 6 projects
    "project": lambda c: get_project(SHARED, client=c),
    "project_own": lambda c: get_project(1200000042, client=c),
    "project_own_unshared": lambda c: get_project(1200000077, client=c),
    "project_remix": lambda c: get_project(1190011223, client=c),
    "project_404": lambda c: get_project(999999999999, client=c),
    "project_put": lambda c: mine(c).set_title("A better title"),
    "project_put_comments": lambda c: mine(c).turn_off_commenting(),
    "project_remixes": lambda c: project(c).remixes(),
    "project_remixes_404": lambda c: project(c).remixes(),
    "project_studios": lambda c: project(c).studios(),
    "project_studios_404": lambda c: project(c).studios(),
    "project_visibility": lambda c: mine(c).visibility(),
    "project_visibility_censored": lambda c: mine(c).visibility(),
    "project_views": lambda c: project(c).post_view(),
    "project_loves_get": lambda c: project(c).is_loved(),
    "project_loves_post": lambda c: project(c).love(),
    "project_loves_delete": lambda c: project(c).unlove(),
    "project_favorites_get": lambda c: project(c).is_favorited(),
    "project_favorites_post": lambda c: project(c).favorite(),
    "project_favorites_delete": lambda c: project(c).unfavorite(),
    "project_share": lambda c: mine(c).share(),
    "project_unshare": lambda c: mine(c).unshare(),
    "project_siteapi_trash": lambda c: mine(c).trash(),
    "project_siteapi_restore": lambda c: mine(c).restore(),
    "project_thumbnail_set": lambda c: mine(c).set_thumbnail(PNG),
    "projects_count_all": lambda c: count_projects(client=c),
    # 7 files
    "project_create": lambda c: create_project({"targets": []}, client=c),
    "project_update": lambda c: mine(c).set_json({"targets": []}),
    "asset_svg_backdrop": lambda c: get_asset("83a66ca319837b936c3cb36d4b3f7ba7.svg", client=c),
    "asset_svg_costume": lambda c: get_asset("f548bde989e277b91b744bfc31349442.svg", client=c),
    "asset_png_costume": lambda c: get_asset("9db60ec96960fbb85257295f997b261a.png", client=c),
    "asset_wav_sound": lambda c: get_asset("c99ce6e216fe142268ad0595873b94fb.wav", client=c),
    "asset_upload": lambda c: upload_asset(b"sound", "wav", client=c),
    # 8 comments
    "project_comments": lambda c: project(c).comments(),
    "project_comment": lambda c: project(c).get_comment(447648001),
    "project_comment_replies": lambda c: project(c).get_comment_replies(comment_id=447648001),
    "project_comment_post": lambda c: project(c).post_comment("hello"),
    "project_comment_reply": lambda c: project(c).reply_comment("a reply", parent_id=447648001, commentee_id=104512233),
    "project_comment_delete": lambda c: project(c).delete_comment(comment_id=447648001),
    "project_comment_report": lambda c: project(c).report_comment(comment_id=447648001),
    "studio_comments": lambda c: studio(c).comments(),
    "studio_comment": lambda c: studio(c).get_comment(250000123),
    "studio_comment_replies": lambda c: studio(c).get_comment_replies(comment_id=250000123),
    "studio_comment_post": lambda c: studio(c).post_comment("hello"),
    "studio_comment_delete": lambda c: studio(c).delete_comment(comment_id=250000123),
    "studio_comment_report": lambda c: studio(c).report_comment(comment_id=250000123),
    # 9 studios
    "studio": lambda c: get_studio(STUDIO, client=c),
    "studio_projects": lambda c: studio(c).projects(),
    "studio_managers": lambda c: studio(c).managers(),
    "studio_curators": lambda c: studio(c).curators(),
    "studio_activity": lambda c: studio(c).activity(),
    "studio_roles": lambda c: studio(c).role(),
    "studio_classroom": lambda c: studio(c).classroom_id(),
    "studio_add_project": lambda c: studio(c).add_project(SHARED),
    "studio_remove_project": lambda c: studio(c).remove_project(SHARED),
    "studio_transfer": lambda c: studio(c).transfer_host(OTTER, password="x"),
    "studio_put": lambda c: studio(c).set_title("Cloud games"),
    "studio_open": lambda c: studio(c).open_projects(),
    "studio_closed": lambda c: studio(c).close_projects(),
    "studio_toggle_comments": lambda c: studio(c).toggle_commenting(),
    "studio_follow": lambda c: studio(c).follow(),
    "studio_unfollow": lambda c: studio(c).unfollow(),
    "studio_invite_curator": lambda c: studio(c).invite_curator(OTTER),
    "studio_accept_curator": lambda c: studio(c).accept_invite(),
    "studio_promote": lambda c: studio(c).promote_curator(OTTER),
    "studio_remove_curator": lambda c: studio(c).remove_curator(OTTER),
    "studio_create": lambda c: create_studio(client=c),
    # 10 messages
    "user_messages": lambda c: session(c).messages(),
    "user_messages_admin": lambda c: session(c).alerts(),
    "messages_clear": lambda c: session(c).clear_messages(),
    "user_feed": lambda c: session(c).get_feed(),
    "user_following_loves": lambda c: session(c).loved_by_followed_users(),
    # 11 search, explore, front page
    "search_projects": lambda c: search.search_projects(query="cloud", client=c),
    "search_projects_none": lambda c: search.search_projects(query="zzzzqqqq", client=c),
    "search_studios": lambda c: search.search_studios(query="cloud", client=c),
    "explore_projects": lambda c: search.explore_projects(client=c),
    "explore_studios": lambda c: search.explore_studios(client=c),
    "featured": lambda c: frontpage.featured_projects(client=c),
    "news": lambda c: frontpage.get_news(client=c),
    # 12, 13 my stuff, backpack
    "mystuff_projects_all": lambda c: session(c).mystuff_projects("all", page=1, sort_by="", limit=1),
    "mystuff_projects_shared": lambda c: session(c).mystuff_projects("shared", limit=1),
    "mystuff_projects_notshared": lambda c: session(c).mystuff_projects("unshared", limit=1),
    "mystuff_projects_trashed": lambda c: session(c).mystuff_projects("trashed", limit=1),
    "mystuff_projects_404": lambda c: session(c).mystuff_projects(page=99),
    "backpack": lambda c: session(c).backpack(),
    "backpack_delete": lambda c: session(c).delete_from_backpack("6f1c7d54-3d1c-4a1e-9e8a-0b2f6a2b7c11"),
    "backpack_body_svg": lambda c: read_backpack_item(
        {"id": "x", "body": "f548bde989e277b91b744bfc31349442.svg"}, client=c
    ).content(),
    # 16 statistics, health
    "stats_daily": lambda c: statistics.total_site_stats(client=c),
    "stats_monthly_ga": lambda c: statistics.monthly_site_traffic(client=c),
    "stats_monthly": lambda c: statistics.country_counts(client=c),
    "health": lambda c: statistics.get_health(client=c),
}

WITH_SESSION = {
    *("user_messages", "user_messages_admin", "messages_clear", "user_feed", "user_following_loves"),
    *("mystuff_projects_all", "mystuff_projects_shared", "mystuff_projects_notshared", "mystuff_projects_trashed"),
    *("mystuff_projects_404", "backpack", "backpack_delete"),
}
"""Calls that are made on a session, which asks who it is first."""

FAILURES: dict[str, tuple[Call, type[errors.SiteError], dict[str, Any]]] = {
    "error_api_404": (lambda c: get_user("x", client=c), errors.NotFound, {"what": "user 'x'"}),
    "error_api_400": (lambda c: get_user("x", client=c), errors.Rejected, {"status": 400}),
    "error_api_500_limit": (lambda c: get_user("x", client=c), errors.SiteUnavailable, {"status": 500}),
    "error_api_403": (lambda c: project(c).post_view(), errors.Forbidden, {"status": 403}),
    "error_429": (lambda c: get_user("x", client=c), errors.RateLimited, {"retry_after": None}),
    "error_503_maintenance": (lambda c: get_user("x", client=c), errors.SiteUnavailable, {"status": 503}),
    "error_web_404": (lambda c: user(c).follower_count(), errors.NotFound, {"what": "user 'pixel_otter'"}),
    "error_web_500": (lambda c: user(c).follower_count(), errors.SiteUnavailable, {"status": 500}),
    "error_web_403_csrf": (lambda c: me(c).toggle_commenting(), errors.Forbidden, {"status": 403}),
    "login_bad_password": (lambda c: login("a", "wrong", client=c), errors.LoginFailed, {"captcha": False}),
    "login_need_captcha": (lambda c: login("a", "wrong", client=c), errors.LoginFailed, {"captcha": True}),
    "login_network_banned": (lambda c: login("a", "b", client=c), errors.LoginFailed, {"banned": True}),
    "login_ip_ban_redirect": (session, errors.LoginFailed, {"banned": True}),
    "session_logged_out": (session, errors.LoginFailed, {"banned": False}),
    "user_404": (lambda c: get_user("no_such_user_", client=c), errors.NotFound, {"what": "user 'no_such_user_'"}),
    "user_profile_put_error": (
        lambda c: me(c).set_bio("..."),
        errors.Rejected,
        {"reason": "inappropriate-generic"},
    ),
    "profile_comments_404": (lambda c: user(c).comments(), errors.NotFound, {}),
    "profile_comment_add_flood": (
        lambda c: user(c).post_comment("again"),
        errors.CommentRejected,
        {"reason": "isFlood"},
    ),
    "profile_comment_add_bad": (lambda c: user(c).post_comment("..."), errors.CommentRejected, {"reason": "isBad"}),
    "profile_comment_add_muted": (lambda c: user(c).post_comment("hi"), errors.CommentRejected, {"reason": "isMuted"}),
    "project_put_400": (lambda c: mine(c).set_title("..."), errors.Rejected, {"status": 400}),
    "project_views_429": (lambda c: project(c).post_view(), errors.RateLimited, {}),
    "project_thumbnail_error": (lambda c: mine(c).set_thumbnail(PNG), errors.Forbidden, {}),
    "project_comment_404": (lambda c: project(c).get_comment(1), errors.NotFound, {}),
    "project_comment_null": (lambda c: project(c).get_comment(2), errors.NotFound, {}),
    "project_update_403": (lambda c: mine(c).set_json({"targets": []}), errors.Forbidden, {}),
    "asset_upload_413": (lambda c: upload_asset(b"big", "wav", client=c), errors.Rejected, {"status": 413}),
    "asset_404": (lambda c: get_asset("0" * 32 + ".svg", client=c), errors.NotFound, {}),
    "studio_404": (lambda c: get_studio(999999999, client=c), errors.NotFound, {"what": "studio 999999999"}),
    "studio_add_project_409": (lambda c: studio(c).add_project(1), errors.Rejected, {"status": 409}),
    "studio_add_project_403_muted": (lambda c: studio(c).add_project(1), errors.Muted, {"kind": "spam"}),
    "studio_transfer_401": (lambda c: studio(c).transfer_host(OTTER, password="bad"), errors.LoginFailed, {}),
    "studio_transfer_429": (lambda c: studio(c).transfer_host(OTTER, password="bad"), errors.RateLimited, {}),
    "studio_put_error": (lambda c: studio(c).set_title("..."), errors.Rejected, {"reason": "inappropriate-generic"}),
    "studio_invite_curator_dup": (lambda c: studio(c).invite_curator(OTTER), errors.Rejected, {}),
    "studio_invite_curator_404": (lambda c: studio(c).invite_curator("nobody"), errors.NotFound, {}),
    "studio_promote_400": (lambda c: studio(c).promote_curator(OTTER), errors.Rejected, {"reason": "too many owners"}),
    "studio_create_limit": (lambda c: create_studio(client=c), errors.Rejected, {}),
    "ocular_user_none": (lambda c: user(c, "no_such_user_").ocular_status(), errors.NotFound, {}),
    **{
        f"comment_rejected_{code}": (
            lambda c: project(c).post_comment("hello"),
            errors.CommentRejected,
            {"reason": code},
        )
        for code in (
            *("isEmpty", "isFlood", "isBad", "hasChatSite", "isSpam", "isMuted", "isUnconstructive", "isDisallowed"),
            *("isIPMuted", "isTooLong", "isNotPermitted", "isNotPermittedByParent"),
        )
    },
}

ELSEWHERE = {
    "csrf_token": "test_rest_client",
    "logout": "test_rest_session",
    "projectjson_sb3": "test_rest_project_files",
    "projectjson_sb2": "test_rest_project_files",
    "projectfile_sb1": "test_rest_project_files",
    "projectfile_zip": "test_rest_project_files",
    "projectjson_no_token": "test_rest_project_files",
}
"""Samples of more than one request, and the file that tests them."""

OTHER_WAYS = {
    *("login_ok_canceled_deletion", "session_post", "check_username_web", "project_loves_post_plain"),
    *("project_loves_delete_plain", "project_favorites_post_plain", "project_favorites_delete_plain"),
    *("user_project", "project_siteapi_unshare", "project_siteapi_title", "messages_count_web", "trampoline_project"),
}
"""Requests for which this library makes another one that does the same."""

NOT_YET = {
    # account settings and checks (3.4)
    *("checkusername_valid", "checkusername_exists", "checkusername_bad", "checkusername_invalid", "checkpassword"),
    *("checkpassword_bad", "check_email", "check_email_bad", "check_account_password", "account_delete"),
    *("account_email_change_page", "account_settings"),
    # pictures and reports (4.7, 6.7, 9.6)
    *("user_avatar_post", "user_report", "project_trash_empty", "project_report"),
    *("studio_thumbnail", "studio_thumbnail_error", "studio_report"),
    # messages and feed (10)
    *("user_invites", "user_invites_none", "messages_delete", "user_following_projects"),
    "user_following_studios_projects",
    # the roots and health of hosts (11, 16)
    *("api_root", "web_health", "surprise"),
    # my stuff, backpack (12, 13)
    *("mystuff_studios_all", "mystuff_html", "backpack_post", "backpack_root"),
    # cloud logs (17)
    *("cloud_logs", "cloud_logs_empty", "cloud_health"),
    # forums (14, 18)
    *("forum_index", "forum_category", "forum_category_empty", "forum_topic", "forum_topic_404"),
    *("forum_post_redirect", "forum_post_source", "forum_post_edit", "forum_reply", "forum_feed_topic"),
    *("forum_topic_follow", "forum_signature_set", "forum_search_index", "ocular_reactions"),
    # classrooms (15)
    *("classroom", "classroom_404", "classtoken", "classroom_projects", "html_class", "html_class_studios"),
    *("html_class_students", "my_classes", "class_alerts", "class_register_link", "class_create", "class_students"),
    "class_activity",
    # translation, speech, pictures (16)
    *("translate", "translate_supported", "tts", "image_user", "image_project"),
}
"""Samples of areas that are not built yet."""
