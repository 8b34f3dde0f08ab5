r"""The client of the Scratch site: users, projects, studios, comments, messages and the rest.

    Session, User, Project, Studio, Comment ...      one noun a file
        |
    client      one request function: login, turn, retries, errors, kind of the reply
        |            \
    endpoints     pacing, retry, failures, fields, html, paging        pure
        |
    http        the only import of `requests`; any function of its form can stand in for it

Scratch has no specification of its API. Each function says in its docstring which request it makes and how sure
we are of it: VERIFIED means that a working client makes it, or that an answer was recorded; REPORTED means that
one source only says so.
"""
