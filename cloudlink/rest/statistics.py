"""Numbers about the whole site, and its health (reference, section 16)."""

from __future__ import annotations

from typing import Any

from cloudlink.errors import BadResponse
from cloudlink.rest import endpoints
from cloudlink.rest.client import Client, default_client
from cloudlink.rest.fields import as_object, flag, look, needed, number


def total_site_stats(*, client: Client | None = None) -> dict[str, Any]:
    """How many projects, users, studios and comments there are, as the site tells it.

    GET scratch.mit.edu/statistics/data/daily/; no login. VERIFIED.

    Args:
        client: how to reach the site; the default one if left out.
    """
    return _statistics("daily", client)


def monthly_site_traffic(*, client: Client | None = None) -> dict[str, Any]:
    """Last month's views, users and sessions, as the site tells it: the numbers are texts.

    GET scratch.mit.edu/statistics/data/monthly-ga/; no login. VERIFIED.
    """
    return _statistics("monthly-ga", client)


def country_counts(*, client: Client | None = None) -> dict[str, int]:
    """How many users each country has.

    GET scratch.mit.edu/statistics/data/monthly/; no login. VERIFIED.

    Raises:
        BadResponse: the site no longer tells it.
    """
    countries = look(_statistics("monthly", client), "country_distribution")
    if not isinstance(countries, dict):
        raise BadResponse("the monthly statistics have no countries; the site may have changed")
    counts = {name: number(count) for name, count in countries.items()}
    return {name: count for name, count in counts.items() if count is not None}


def age_distribution(*, client: Client | None = None) -> dict[int, int]:
    """How many users are of each age in years.

    GET scratch.mit.edu/statistics/data/monthly/; no login. VERIFIED.

    Raises:
        BadResponse: the site no longer tells it.
    """
    graphs = look(_statistics("monthly", client), "age_distribution_data")
    values = look(graphs[0], "values") if isinstance(graphs, list) and graphs else None
    if not isinstance(values, list):
        raise BadResponse("the monthly statistics have no ages; the site may have changed")
    points = [(number(point, "x"), number(point, "y")) for point in values]
    return {age: count for age, count in points if age is not None and count is not None}


def get_health(*, client: Client | None = None) -> dict[str, Any]:
    """How the site's API is: its version, its load and its databases, as it tells it; the names change.

    GET /health; no login. VERIFIED.
    """
    client = default_client() if client is None else client
    answer = client.request(endpoints.HEALTH.at(), reply="json", what="health")
    return dict(as_object(answer, of="health"))


def get_site_health(*, client: Client | None = None) -> bool:
    """Whether the old half of the site says that it is well.

    GET scratch.mit.edu/health; no login. REPORTED.
    """
    client = default_client() if client is None else client
    answer = client.request(endpoints.SITE_HEALTH.at(), reply="json", what="health")
    well: bool = needed(flag(answer, "healthy"), "healthy", of="health")
    return well


def get_cloud_health(*, client: Client | None = None) -> dict[str, Any]:
    """How the cloud's server is, as it tells it.

    GET clouddata.scratch.mit.edu/health; no login. VERIFIED.
    """
    client = default_client() if client is None else client
    answer = client.request(endpoints.CLOUD_HEALTH.at(), reply="json", what="health")
    return dict(as_object(answer, of="health"))


def _statistics(name: str, client: Client | None) -> dict[str, Any]:
    client = default_client() if client is None else client
    answer = client.request(endpoints.STATISTICS.at(name=name), reply="json", what="statistics")
    return dict(as_object(answer, of="statistics"))
