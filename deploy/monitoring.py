"""What Cloud Monitoring says a revision did: how many requests, how many failed, how long the slow ones took.

gcloud has no command for it, so its REST interface is asked with gcloud's token. Figures come some three minutes late.
https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.timeSeries/list
"""

import json
import os
from datetime import UTC, datetime
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from deploy.cloud import SERVICE, Cloud, DeploymentError
from deploy.gate import Figures

API = "https://monitoring.googleapis.com/"
OVERRIDE = "CLOUDSDK_API_ENDPOINT_OVERRIDES_MONITORING"  # gcloud's own setting for another address
REVISION, ANSWERS = "resource.label.revision_name", "metric.label.response_code_class"
TIMEOUT = 30  # seconds


def figures(cloud: Cloud, revision: str, since: datetime, until: datetime) -> Figures:
    """What a revision did between two times, at least a minute apart. Raises DeploymentError."""
    counts = _series(cloud, revision, since, until, "request_count", "REDUCE_SUM")
    by_class = {
        one["metric"]["labels"]["response_code_class"]: sum(
            int(point["value"]["int64Value"]) for point in one["points"]
        )
        for one in counts
    }
    slow = _series(cloud, revision, since, until, "request_latencies", "REDUCE_PERCENTILE_95", grouped_by=REVISION)
    latencies = [point["value"]["doubleValue"] for one in slow for point in one["points"]]
    return Figures(sum(by_class.values()), by_class.get("5xx", 0), max(latencies, default=None))


def _series(
    cloud: Cloud,
    revision: str,
    since: datetime,
    until: datetime,
    metric: str,
    reducer: str,
    grouped_by: str = ANSWERS,
) -> list[dict]:
    conditions = {
        "metric.type": f"run.googleapis.com/{metric}",
        "resource.label.service_name": SERVICE,
        "resource.label.location": cloud.region,
        REVISION: revision,
    }
    query = {
        "filter": " AND ".join(f'{name} = "{value}"' for name, value in conditions.items()),
        "interval.startTime": _zulu(since),
        "interval.endTime": _zulu(until),
        "aggregation.alignmentPeriod": f"{int((until - since).total_seconds())}s",
        "aggregation.perSeriesAligner": "ALIGN_DELTA",
        "aggregation.crossSeriesReducer": reducer,
        "aggregation.groupByFields": grouped_by,
    }
    api = os.environ.get(OVERRIDE, API)
    token = cloud.gcloud("auth", "print-access-token").strip()
    address = f"{api}v3/projects/{cloud.project}/timeSeries?{urlencode(query)}"
    request = Request(address, headers={"Authorization": f"Bearer {token}"})
    try:
        with urlopen(request, timeout=TIMEOUT) as answer:
            return json.load(answer).get("timeSeries", [])
    except (URLError, ValueError, TimeoutError) as error:
        said = error.read(1000).decode(errors="replace") if hasattr(error, "read") else ""
        raise DeploymentError(f"Cloud Monitoring does not say how {revision} does: {error} {said}".strip()) from error


def _zulu(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
