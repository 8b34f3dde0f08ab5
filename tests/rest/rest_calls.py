"""Which call makes the request of which sample: the table that the contract tests and the mutation tests walk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from offline_site import INDEX, ME, sample

from cloudlink import errors
from cloudlink.rest import frontpage, search, statistics
from cloudlink.rest.account import Account, check_email, check_password, check_username
from cloudlink.rest.assets import get_asset, upload_asset
from cloudlink.rest.backpack import read_backpack_item
from cloudlink.rest.classrooms import Classroom, get_classroom, get_classroom_from_token, read_classroom
from cloudlink.rest.client import Client
from cloudlink.rest.cloud_logs import get_cloud, get_cloud_logs
from cloudlink.rest.forum_posts import ForumPost, get_post, read_topic_page
from cloudlink.rest.forum_search import search_posts
from cloudlink.rest.forum_topics import ForumTopic, forum_categories, get_topic, get_topic_list
from cloudlink.rest.html import parse_html
from cloudlink.rest.languages import text_to_speech, translate, translation_languages
from cloudlink.rest.login import login
from cloudlink.rest.pictures import get_picture
from cloudlink.rest.projects import Project, count_projects, create_project, get_project, read_project
from cloudlink.rest.session import Session
from cloudlink.rest.studios import Studio, create_studio, get_studio, read_studio
from cloudlink.rest.taught_class import TaughtClass, read_taught_class
from cloudlink.rest.teaching import Teaching
from cloudlink.rest.users import User, get_user, read_user

Call = Callable[[Client], Any]

OTTER = "pixel_otter"
STUDIO = INDEX["cast"]["studio"]
SHARED = INDEX["cast"]["projects"]["shared"]
TOPIC = INDEX["cast"]["topic"]
POST = INDEX["cast"]["posts"][1]


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


def topic(client: Client) -> ForumTopic:
    facts = dict.fromkeys(("category", "category_id", "author", "pages", "replies", "views", "closed", "sticky"))
    return ForumTopic(id=TOPIC, title="Cloud variable help", deleted=False, raw={}, client=client, **facts)  # type: ignore[arg-type]


def post(client: Client) -> ForumPost:
    page = read_topic_page(parse_html(sample("forum_topic")), topic_id=TOPIC, client=client)
    return page.posts[1]


def classroom(client: Client) -> Classroom:
    return read_classroom({"id": INDEX["cast"]["classroom"]}, client=client, of="a test")


def taught(client: Client) -> TaughtClass:
    return read_taught_class({"pk": 156, "fields": {"token": "ab1cd2ef3"}}, client=client)


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
    "messages_delete": lambda c: session(c).dismiss_alert(71234),
    "user_invites": lambda c: session(c).invitation(),
    "user_invites_none": lambda c: session(c).invitation(),
    "user_following_projects": lambda c: session(c).shared_by_followed_users(),
    "user_following_studios_projects": lambda c: session(c).in_followed_studios(),
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
    "mystuff_studios_all": lambda c: session(c).mystuff_studios(limit=1),
    "mystuff_html": lambda c: session(c).mystuff_counts(),
    "project_trash_empty": lambda c: session(c).empty_trash(password=ME["password"]),
    "backpack_post": lambda c: session(c).add_to_backpack("costume", "image/svg+xml", "ball", b"<svg/>"),
    "backpack": lambda c: session(c).backpack(),
    "backpack_delete": lambda c: session(c).delete_from_backpack("6f1c7d54-3d1c-4a1e-9e8a-0b2f6a2b7c11"),
    "backpack_body_svg": lambda c: read_backpack_item(
        {"id": "x", "body": "f548bde989e277b91b744bfc31349442.svg"}, client=c
    ).content(),
    # 3.4 account settings and checks
    "check_account_password": lambda c: Account(c).check_password(ME["password"]),
    "account_delete": lambda c: Account(c).delete(password=ME["password"], with_projects=False),
    "account_email_change_page": lambda c: Account(c).email_addresses(),
    "account_settings": lambda c: Account(c).set_country("Ireland"),
    "checkusername_valid": lambda c: check_username("some_name", client=c),
    "checkusername_exists": lambda c: check_username("some_name", client=c),
    "checkusername_bad": lambda c: check_username("some_name", client=c),
    "checkusername_invalid": lambda c: check_username("some_name", client=c),
    "checkpassword": lambda c: check_password("aLongerOne12", client=c),
    "checkpassword_bad": lambda c: check_password("password", client=c),
    "check_email": lambda c: check_email("cloudberry@example.com", client=c),
    "check_email_bad": lambda c: check_email("nope", client=c),
    # pictures and reports (4.7, 6.7, 9.6, 16.4)
    "user_avatar_post": lambda c: me(c).set_picture(PNG),
    "studio_thumbnail": lambda c: studio(c).set_picture(PNG),
    "image_user": lambda c: get_picture("user", 104512233, width=90, height=90, client=c),
    "image_project": lambda c: get_picture("project", SHARED, width=480, height=360, client=c),
    "user_report": lambda c: user(c).report("icon"),
    "project_report": lambda c: project(c).report("language", "text"),
    "studio_report": lambda c: studio(c).report("title"),
    # 14, 18 forums
    "forum_index": lambda c: forum_categories(client=c),
    "forum_category": lambda c: get_topic_list(1, client=c),
    "forum_category_empty": lambda c: get_topic_list(1, page=98, client=c),
    "forum_topic": lambda c: get_topic(TOPIC, client=c),
    "forum_post_redirect": lambda c: get_post(POST, client=c),
    "forum_post_source": lambda c: post(c).bb_content,
    "forum_post_edit": lambda c: post(c).edit("new text"),
    "forum_reply": lambda c: topic(c).reply("a reply"),
    "forum_topic_follow": lambda c: topic(c).follow(),
    "forum_signature_set": lambda c: session(c).set_forum_signature("text"),
    "forum_search_index": lambda c: search_posts("numbers", client=c),
    "ocular_reactions": lambda c: post(c).ocular_reactions(),
    # 15 classes
    "classroom": lambda c: get_classroom(156, client=c),
    "classroom_404": lambda c: get_classroom(157, client=c),
    "classtoken": lambda c: get_classroom_from_token("ab1cd2ef3", client=c),
    "classroom_projects": lambda c: classroom(c).projects(),
    "html_class_students": lambda c: classroom(c).students(limit=1),
    "html_class_studios": lambda c: classroom(c).studios(limit=1),
    "my_classes": lambda c: Teaching(c).classes(limit=1),
    "class_alerts": lambda c: Teaching(c).alerts(limit=1),
    "class_create": lambda c: Teaching(c).create_class("New class"),
    "class_register_link": lambda c: taught(c).registration_link(),
    "class_students": lambda c: taught(c).students(limit=1),
    "class_activity": lambda c: taught(c).activity(limit=1),
    # 16.3, 17 translation, speech, cloud logs
    "translate": lambda c: translate("ja", "hello", client=c),
    "translate_supported": lambda c: translation_languages(client=c),
    "tts": lambda c: text_to_speech("hello", client=c),
    "cloud_logs": lambda c: get_cloud_logs(SHARED, client=c),
    "cloud_logs_empty": lambda c: get_cloud(1, client=c),
    # 16 statistics, health
    "web_health": lambda c: statistics.get_site_health(client=c),
    "cloud_health": lambda c: statistics.get_cloud_health(client=c),
    "stats_daily": lambda c: statistics.total_site_stats(client=c),
    "stats_monthly_ga": lambda c: statistics.monthly_site_traffic(client=c),
    "stats_monthly": lambda c: statistics.country_counts(client=c),
    "health": lambda c: statistics.get_health(client=c),
}

WITH_SESSION = {
    *("user_messages", "user_messages_admin", "messages_clear", "user_feed", "user_following_loves"),
    *("mystuff_projects_all", "mystuff_projects_shared", "mystuff_projects_notshared", "mystuff_projects_trashed"),
    *("mystuff_projects_404", "mystuff_studios_all", "mystuff_html", "project_trash_empty"),
    *("backpack", "backpack_post", "backpack_delete", "forum_signature_set", "messages_delete"),
    *("user_invites", "user_invites_none", "user_following_projects", "user_following_studios_projects"),
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
    "studio_thumbnail_error": (
        lambda c: studio(c).set_picture(PNG),
        errors.Rejected,
        {"reason": "thumbnail-too-large"},
    ),
    "forum_topic_404": (lambda c: get_topic(1, client=c), errors.NotFound, {"what": "forum topic 1"}),
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
    "forum_feed_topic": "test_rest_forum",
    "html_class": "test_rest_classes",
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

WITHOUT_USE = {
    "api_root": "it tells the names of two hosts, which `Hosts` has, and a mail address",
    "backpack_root": "it tells an emoji",
    "surprise": "it tells a number that means nothing",
}
"""Samples that no function reads, and why."""
