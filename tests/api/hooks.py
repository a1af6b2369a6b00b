"""What a schema cannot say of a request: which places in a list exist, which time lies before which, what the future is.

Cases that break the schema on purpose are left as they are.
"""

import datetime
import json
import os

import schemathesis
from hypothesis import strategies as st

OWN_KEY = os.environ["API_TEST_KEY"]


@schemathesis.hook
def filter_case(ctx, case):
    """A stream that is asked for rightly does not end, and the key of these tests has to outlive them."""
    if case.operation.definition.raw["operationId"] == "followAnomalies":
        return negative(case)
    return case.path_parameters.get("id") != OWN_KEY


@schemathesis.hook
def map_case(ctx, case):
    if negative(case):
        return case
    query = case.query or {}
    query.pop("cursor", None)
    if "start_time" in query and "end_time" in query:
        query["start_time"], query["end_time"] = "2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z"
    elif "start_time" in query:
        query["start_time"] = "2025-01-01T00:00:00Z"
    if isinstance(case.body, dict) and case.body.get("expires_at"):
        case.body["expires_at"] = "2200-01-01T00:00:00Z"
    return case


def negative(case):
    return case.meta is not None and case.meta.generation.mode.is_negative


def rfc3339(seconds):
    return (datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)).isoformat() + "Z"


# From 1971 to 2261: nanoseconds since 1970 reach no further.
schemathesis.openapi.format("date-time", st.integers(31_536_000, 9_214_646_399).map(rfc3339))


@schemathesis.serializer("application/x-ndjson", "application/jsonl")
def ndjson(ctx, value):
    """One event a line. What is no list is one line, and whatever it is, it is wrong."""
    lines = value if isinstance(value, list) else [value]
    return "\n".join(json.dumps(line) for line in lines).encode()
