"""What tests of the Import API ask again and again."""

from __future__ import annotations

from typing import Any

from harness.http_client import HttpClient

from servers.process import wait_until

NOBODYS = "00000000-0000-4000-8000-000000000000"  # no import and no sync has this id

# The members of the original's objects, in its order.
IMPORT_MEMBERS = [
    "id",
    "user_id",
    "table_id",
    "data_type",
    "table_name",
    "state",
    "error_code",
    "queue_id",
    "tables_created_count",
    "synchronization_id",
    "type_guessing",
    "quoted_fields_guessing",
    "content_guessing",
    "create_visualization",
    "visualization_id",
    "user_defined_limits",
    "get_error_text",
    "display_name",
    "success",
    "original_url",
    "warnings",
    "is_raster",
]
SYNC_MEMBERS = [
    "data_import",
    "id",
    "name",
    "interval",
    "url",
    "state",
    "user_id",
    "created_at",
    "updated_at",
    "run_at",
    "ran_at",
    "modified_at",
    "etag",
    "checksum",
    "log_id",
    "error_code",
    "error_message",
    "retried_times",
    "service_name",
    "service_item_id",
    "type_guessing",
    "quoted_fields_guessing",
    "content_guessing",
    "visualization_id",
    "from_external_source",
]


def get_import(client: HttpClient, id: str) -> dict[str, Any]:
    answer = client.get(f"/api/v1/imports/{id}")
    assert answer.status == 200, (answer.status, answer.body)
    assert isinstance(answer.json, dict)
    return answer.json


def finished_import(client: HttpClient, id: str) -> dict[str, Any]:
    """The import when it has ended, polled as clients do."""
    wait_until(lambda: get_import(client, id)["state"] in ("complete", "failure"), what="the end of an import")
    return get_import(client, id)


def get_sync(client: HttpClient, id: str) -> dict[str, Any]:
    answer = client.get(f"/api/v1/synchronizations/{id}")
    assert answer.status == 200, (answer.status, answer.body)
    assert isinstance(answer.json, dict)
    return answer.json


def sync_in(client: HttpClient, id: str, *states: str) -> dict[str, Any]:
    """The sync when it is in one of these states."""
    wait_until(lambda: get_sync(client, id)["state"] in states, what=f"state {' or '.join(states)} of a sync")
    return get_sync(client, id)
