#include "http/routes/schemas.hpp"

namespace connector::http {

namespace {

constexpr NamedSchema all[] = {{"Activity", R"({
  "description": "The rows are those of the views connector.syncs, connector.imports and connector.progress",
  "type": "object",
  "required": ["now", "scheduler", "max_retries", "syncs", "syncs_total", "imports", "imports_total", "running"],
  "properties": {
    "now": {"type": "string", "format": "date-time"},
    "scheduler": {"type": "boolean", "description": "Whether syncs and queued imports of the role run by themselves"},
    "max_retries": {"type": ["integer", "null"], "description": "Failures in a row after which a sync rests"},
    "syncs": {"type": "array", "items": {"$ref": "#/components/schemas/ActivitySync"}},
    "syncs_total": {"type": "integer", "description": "That are found"},
    "imports": {"type": "array", "items": {"$ref": "#/components/schemas/ActivityImport"}},
    "imports_total": {"type": "integer", "maximum": 10001, "description": "That are found; 10001: more than 10000"},
    "running": {"type": "array", "items": {"$ref": "#/components/schemas/ProgressRow"}},
    "first_import": {
      "description": "Of the sync whose id was given",
      "anyOf": [{"type": "null"}, {"$ref": "#/components/schemas/ActivityImport"}]
    }
  }
})"},

                               {"ActivityImport", R"({
  "type": "object",
  "required": ["item_queue_id", "role_name", "state", "schema", "table_name", "created_at", "ended_at", "may_change"],
  "properties": {
    "item_queue_id": {"type": "string", "format": "uuid"},
    "role_name": {"type": "string"},
    "state": {"type": "string", "enum": ["enqueued", "uploading", "complete", "failure"]},
    "schema": {"type": "string"},
    "table_name": {"type": ["string", "null"]},
    "rows": {"type": "integer"},
    "error_code": {"type": ["integer", "null"]},
    "error_message": {"type": ["string", "null"]},
    "warnings": {"type": ["object", "null"]},
    "skipped_columns": {"type": ["array", "null"]},
    "request": {"type": "object", "description": "Secrets are masked"},
    "synchronization_id": {"type": ["string", "null"], "format": "uuid", "description": "Whose first run it is"},
    "batch_id": {"type": ["string", "null"], "format": "uuid"},
    "created_at": {"type": "string", "format": "date-time"},
    "started_at": {"type": ["string", "null"], "format": "date-time"},
    "ended_at": {"type": ["string", "null"], "format": "date-time"},
    "may_change": {"type": "boolean", "description": "Whether the role that asks may cancel it"}
  }
})"},

                               {"ActivitySync", R"({
  "type": "object",
  "required": ["id", "name", "role_name", "state", "paused", "interval", "run_at", "retried_times", "gave_up",
               "last_state", "last_ended_at", "last_duration", "last_rows", "last_error_code", "last_error_message",
               "may_change"],
  "properties": {
    "id": {"type": "string", "format": "uuid"},
    "name": {"type": "string", "description": "Of the sync"},
    "role_name": {"type": "string"},
    "schema": {"type": "string"},
    "table_name": {"type": "string"},
    "state": {"type": "string", "enum": ["created", "queued", "syncing", "success", "failure"]},
    "paused": {"type": "boolean"},
    "interval": {"type": "integer", "description": "Seconds"},
    "run_at": {"type": ["string", "null"], "format": "date-time", "description": "The next run; null: none by itself"},
    "ran_at": {"type": ["string", "null"], "format": "date-time", "description": "The last success"},
    "failing_since": {"type": ["string", "null"], "format": "date-time"},
    "retried_times": {"type": "integer", "description": "Failures in a row"},
    "gave_up": {"type": "boolean"},
    "error_code": {"type": ["integer", "null"], "description": "Null while a run waits or goes on"},
    "last_state": {"type": ["string", "null"], "enum": ["success", "failure", null],
                   "description": "Of the last run that ended, as all that begins with last"},
    "last_ended_at": {"type": ["string", "null"], "format": "date-time"},
    "last_duration": {"type": ["number", "null"], "description": "Seconds"},
    "last_rows": {"type": ["integer", "null"]},
    "last_error_code": {"type": ["integer", "null"]},
    "last_error_message": {"type": ["string", "null"]},
    "request": {"type": "object", "description": "Secrets are masked"},
    "may_change": {"type": "boolean", "description": "Whether the role that asks may change it"}
  }
})"},

                               {"Batch", R"({
  "type": "object",
  "required": ["batch_id", "tables"],
  "properties": {
    "batch_id": {"type": ["string", "null"], "format": "uuid", "description": "Null if nothing was queued or made"},
    "tables": {
      "type": "array",
      "items": {
        "type": "object",
        "required": ["schema", "name", "table_name", "item_queue_id", "synchronization_id", "batch_id", "problem"],
        "properties": {
          "schema": {"type": ["string", "null"]},
          "name": {"type": "string"},
          "table_name": {"type": ["string", "null"]},
          "item_queue_id": {"type": ["string", "null"], "format": "uuid"},
          "synchronization_id": {"type": ["string", "null"], "format": "uuid"},
          "batch_id": {"type": ["string", "null"], "format": "uuid"},
          "problem": {"type": ["string", "null"], "description": "Why there is none of this table"}
        }
      }
    }
  }
})"},

                               {"BatchCreate", R"({
  "type": "object",
  "required": ["connector"],
  "properties": {
    "connector": {"$ref": "#/components/schemas/Connector"},
    "tables": {"type": ["array", "null"], "items": {"type": "string"},
               "description": "Names, or patterns with *; null: all tables"},
    "interval": {"type": ["integer", "string", "null"], "description": "Seconds; null: they are imported once"},
    "collision_strategy": {"type": "string", "enum": ["error", "rename", "skip", "overwrite"]}
  }
})"},

                               {"BegunSession", R"({
  "type": "object",
  "required": ["user", "token", "ends_at"],
  "properties": {
    "user": {"type": "string", "description": "The role that logged in"},
    "token": {"type": "string", "description": "For the header X-Connector-Token of each request by the cookie"},
    "ends_at": {"type": "string", "format": "date-time", "description": "When it ends unless it is used again"}
  }
})"},

                               {"Cancelled", R"({
  "type": "object",
  "required": ["cancelled", "state"],
  "properties": {
    "cancelled": {"type": "boolean"},
    "item_queue_id": {"type": "string", "format": "uuid"},
    "synchronization_id": {"type": "string", "format": "uuid"},
    "state": {"type": ["string", "null"]}
  }
})"},

                               {"Connected", R"({
  "type": "object",
  "required": ["connected"],
  "properties": {"connected": {"type": "boolean"}}
})"},

                               {"Connection", R"({
  "type": "object",
  "properties": {
    "server": {"type": "string"},
    "port": {"type": ["integer", "string"]},
    "database": {"type": "string"},
    "username": {"type": "string"},
    "password": {"type": ["string", "null"], "writeOnly": true}
  }
})"},

                               {"Connector", R"({
  "description": "What to read and how. GET /api/v1/connectors/{provider} lists the keys of a provider.",
  "type": "object",
  "properties": {
    "provider": {"$ref": "#/components/schemas/Provider"},
    "connection": {
      "description": "The login, or the name of a foreign server that has it",
      "anyOf": [
        {"type": "string"},
        {"$ref": "#/components/schemas/Connection"}
      ]
    },
    "schema": {"type": "string"},
    "table": {"type": "string"},
    "sql_query": {"type": "string"},
    "import_as": {"type": "string"},
    "columns": {"type": ["string", "array", "object"]},
    "encoding": {"type": "string"},
    "max_rows": {"type": ["integer", "string"]},
    "readers": {"type": ["integer", "string"]},
    "collision_strategy": {"type": "string", "enum": ["error", "rename", "skip", "overwrite"]}
  }
})"},

                               {"ConnectorInfo", R"({
  "type": "object",
  "required": ["features", "parameters"],
  "properties": {
    "features": {"type": "object", "additionalProperties": {"type": "boolean"}},
    "parameters": {"type": "object", "required": ["connection"], "additionalProperties": {"type": "object"}}
  }
})"},

                               {"ConnectorList", R"({
  "description": "By provider",
  "type": "object",
  "additionalProperties": {
    "type": "object",
    "required": ["name", "description", "enabled", "version"],
    "properties": {
      "name": {"type": "string"},
      "description": {"type": ["string", "null"]},
      "enabled": {"type": "boolean"},
      "version": {"type": ["string", "null"], "description": "Of the client library"}
    }
  }
})"},

                               {"DryRun", R"({
  "type": "object",
  "required": ["table_name", "columns", "primary_key", "rows"],
  "properties": {
    "table_name": {"type": "string", "description": "Before collisions are looked at"},
    "columns": {
      "type": "array",
      "items": {
        "type": "object",
        "required": ["remote_name", "remote_type", "name", "type"],
        "properties": {
          "remote_name": {"type": ["string", "null"]},
          "remote_type": {"type": ["string", "null"]},
          "name": {"type": ["string", "null"]},
          "type": {"type": ["string", "null"]},
          "not_null": {"type": "boolean"},
          "left_out": {"type": "string"}
        }
      }
    },
    "primary_key": {"type": "array", "items": {"type": "string"}},
    "estimated_rows": {"type": ["integer", "null"]},
    "rows": {"type": "array", "items": {"type": "object", "additionalProperties": {"type": ["string", "null"]}}},
    "warnings": {"type": ["object", "null"]},
    "refresh": {"type": ["object", "null"]}
  }
})"},

                               {"Error", R"({
  "type": "object",
  "required": ["errors"],
  "properties": {
    "errors": {"type": ["string", "array", "object"]},
    "detail": {"type": "string"},
    "hint": {"type": "string"},
    "parameter": {"type": "string", "description": "The key of the connector object that it is about: connection.password"},
    "error_code": {"type": "integer", "description": "The connector's number of the error"},
    "sqlstate": {"type": "string", "pattern": "^[0-9A-Z]{5}$"}
  }
})"},

                               {"Import", R"({
  "type": "object",
  "required": ["id", "user_id", "table_id", "data_type", "table_name", "state", "error_code", "queue_id",
               "tables_created_count", "synchronization_id", "type_guessing", "quoted_fields_guessing",
               "content_guessing", "create_visualization", "visualization_id", "user_defined_limits", "get_error_text",
               "display_name", "warnings", "is_raster"],
  "properties": {
    "id": {"type": "string", "format": "uuid"},
    "item_queue_id": {"type": "string", "format": "uuid"},
    "queue_id": {"type": "string", "format": "uuid"},
    "user_id": {"type": "string", "description": "The role"},
    "table_id": {"type": ["integer", "null"], "description": "The OID of the table of that name"},
    "data_type": {"type": "string"},
    "schema": {"type": "string"},
    "table_name": {"type": ["string", "null"]},
    "state": {"type": "string", "enum": ["enqueued", "uploading", "complete", "failure"]},
    "success": {"type": ["boolean", "null"], "description": "Null or left out until it has ended"},
    "error_code": {"type": ["integer", "null"]},
    "error_message": {"type": ["string", "null"]},
    "error_detail": {"type": ["string", "null"]},
    "error_hint": {"type": ["string", "null"]},
    "sqlstate": {"type": ["string", "null"]},
    "get_error_text": {
      "type": ["object", "null"],
      "required": ["title", "what_about", "source"],
      "properties": {
        "title": {"type": "string"}, "what_about": {"type": "string"}, "source": {"type": "string"}}
    },
    "tables_created_count": {"type": ["integer", "null"]},
    "synchronization_id": {"type": ["string", "null"], "format": "uuid", "description": "Whose first run it is"},
    "type_guessing": {"type": "boolean"},
    "quoted_fields_guessing": {"type": "boolean"},
    "content_guessing": {"type": "boolean"},
    "create_visualization": {"type": "boolean"},
    "visualization_id": {"type": ["string", "null"]},
    "user_defined_limits": {"type": ["string", "null"]},
    "display_name": {"type": ["string", "null"]},
    "original_url": {"type": ["string", "null"]},
    "warnings": {"type": ["object", "null"]},
    "skipped_columns": {"type": ["array", "null"], "items": {"type": "object"}},
    "rows": {"type": ["integer", "null"]},
    "bytes": {"type": ["integer", "null"]},
    "is_raster": {"type": "boolean"},
    "started_at": {"type": ["string", "null"], "format": "date-time"},
    "ended_at": {"type": ["string", "null"], "format": "date-time"}
  }
})"},

                               {"ImportCreate", R"({
  "type": "object",
  "properties": {
    "connector": {"$ref": "#/components/schemas/Connector"},
    "collision_strategy": {"type": "string", "enum": ["error", "rename", "skip", "overwrite"]}
  }
})"},

                               {"ImportCreated", R"({
  "type": "object",
  "required": ["item_queue_id", "success"],
  "properties": {"item_queue_id": {"type": "string", "format": "uuid"}, "success": {"type": "boolean"}}
})"},

                               {"ImportList", R"({
  "type": "object",
  "required": ["imports", "success"],
  "properties": {
    "imports": {"type": "array", "items": {"type": "string", "format": "uuid"}},
    "success": {"type": "boolean"}
  }
})"},

                               {"IssuedKey", R"({
  "type": "object",
  "required": ["id", "api_key", "label", "expires_at"],
  "properties": {
    "id": {"type": "string", "format": "uuid"},
    "api_key": {"type": "string", "description": "The key itself, which is told this once"},
    "label": {"type": ["string", "null"]},
    "expires_at": {"type": ["string", "null"], "format": "date-time"}
  }
})"},

                               {"Keys", R"({
  "type": "object",
  "required": ["keys", "total_entries"],
  "properties": {
    "keys": {
      "type": "array",
      "items": {
        "type": "object",
        "required": ["id", "role_name", "label", "created_at", "expires_at", "last_used_at"],
        "properties": {
          "id": {"type": "string", "format": "uuid"},
          "role_name": {"type": "string"},
          "label": {"type": ["string", "null"]},
          "created_at": {"type": "string", "format": "date-time"},
          "expires_at": {"type": ["string", "null"], "format": "date-time"},
          "last_used_at": {"type": ["string", "null"], "format": "date-time"}
        }
      }
    },
    "total_entries": {"type": "integer"}
  }
})"},

                               {"NewKey", R"({
  "type": "object",
  "properties": {
    "label": {"type": "string", "maxLength": 200},
    "expires": {
      "type": ["integer", "string", "null"],
      "description": "Seconds from now, or a time (ISO 8601); null: never; a year unless given"
    }
  }
})"},

                               {"NewServer", R"({
  "type": "object",
  "required": ["name", "provider", "connection"],
  "properties": {
    "name": {"type": "string"},
    "provider": {"$ref": "#/components/schemas/Provider"},
    "connection": {"$ref": "#/components/schemas/Connection"}
  }
})"},

                               {"NewSession", R"({
  "type": "object",
  "required": ["user", "password"],
  "properties": {"user": {"type": "string"}, "password": {"type": "string", "writeOnly": true}},
  "additionalProperties": false
})"},

                               {"OpenApi", R"({
  "type": "object",
  "required": ["openapi", "info", "paths"],
  "properties": {"openapi": {"type": "string"}, "info": {"type": "object"}, "paths": {"type": "object"}}
})"},

                               {"Progress", R"({
  "type": "object",
  "required": ["now", "running"],
  "properties": {
    "now": {"type": "string", "format": "date-time"},
    "running": {"type": "array", "items": {"$ref": "#/components/schemas/ProgressRow"}}
  }
})"},

                               {"ProgressRow", R"({
  "type": "object",
  "required": ["pid", "kind", "id", "role_name", "phase", "rows", "expected_rows", "rows_per_second", "started_at",
               "last_row_at", "estimated_time_left", "blocked_by", "seconds_since_last_row"],
  "properties": {
    "pid": {"type": "integer"},
    "kind": {"type": "string", "enum": ["sync", "import", "batch"]},
    "id": {"type": "string", "format": "uuid"},
    "role_name": {"type": "string"},
    "phase": {"type": "string"},
    "rows": {"type": "integer"},
    "expected_rows": {"type": ["integer", "null"]},
    "rows_per_second": {"type": ["number", "null"]},
    "started_at": {"type": "string", "format": "date-time"},
    "last_row_at": {"type": ["string", "null"], "format": "date-time"},
    "estimated_time_left": {"type": ["number", "null"], "description": "Seconds"},
    "blocked_by": {"type": ["array", "null"], "items": {"type": ["integer", "null"]},
                   "description": "Processes that it waits for"},
    "seconds_since_last_row": {"type": "number", "description": "Since the run began, if none has come"}
  }
})"},

                               {"Provider", R"({
  "type": "string",
  "enum": ["mysql", "postgres", "sqlserver", "hive", "odbc"]
})"},

                               {"Run", R"({
  "type": "object",
  "required": ["id", "sync_id", "state", "started_at", "ended_at", "duration", "mode", "rows", "phase_ms", "error_code",
               "permanent"],
  "properties": {
    "id": {"type": "string", "format": "uuid"},
    "sync_id": {"type": "string", "format": "uuid"},
    "state": {"type": "string", "enum": ["syncing", "success", "failure"]},
    "started_at": {"type": "string", "format": "date-time"},
    "ended_at": {"type": ["string", "null"], "format": "date-time"},
    "duration": {"type": ["number", "null"], "description": "Seconds"},
    "mode": {"type": ["string", "null"]},
    "rows": {"type": ["integer", "null"]},
    "lock_ms": {"type": ["number", "null"]},
    "phase_ms": {"type": ["object", "null"], "description": "Milliseconds by phase"},
    "warnings": {"type": ["object", "null"]},
    "error_code": {"type": ["integer", "null"]},
    "error_message": {"type": ["string", "null"]},
    "permanent": {"type": "boolean", "description": "Trying again could not help"}
  }
})"},

                               {"RunList", R"({
  "type": "object",
  "required": ["runs", "more"],
  "properties": {
    "runs": {"type": "array", "items": {"$ref": "#/components/schemas/Run"}},
    "more": {"type": "boolean", "description": "Whether there are older ones"}
  }
})"},

                               {"Server", R"({
  "type": "object",
  "required": ["name", "provider", "owner", "may_change", "connection", "used_by"],
  "properties": {
    "name": {"type": "string"},
    "provider": {"type": ["string", "null"]},
    "owner": {"type": "string", "description": "The role"},
    "may_change": {
      "type": "boolean",
      "description": "Else the role may save a username and a password of its own only, and not drop it"
    },
    "connection": {
      "type": "object",
      "description": "Secrets that are stored are ********",
      "additionalProperties": {"type": ["string", "integer", "object"]}
    },
    "used_by": {"type": "integer", "description": "Syncs that the role sees"}
  }
})"},

                               {"ServerChange", R"({
  "type": "object",
  "required": ["connection"],
  "properties": {
    "connection": {"$ref": "#/components/schemas/Connection"}
  }
})"},

                               {"Servers", R"({
  "type": "object",
  "required": ["servers"],
  "properties": {"servers": {"type": "array", "items": {"$ref": "#/components/schemas/Server"}}}
})"},

                               {"Session", R"({
  "type": "object",
  "required": ["user", "database", "version", "superuser", "can_connect", "schemas", "events", "scheduler", "max_retries",
    "max_listed_tables", "now"],
  "properties": {
    "user": {"type": "string", "description": "The role that logged in"},
    "database": {"type": "string"},
    "version": {"type": "string", "description": "Of the extension"},
    "superuser": {"type": "boolean"},
    "can_connect": {"type": "boolean", "description": "Whether the role may reach any remote, not only named servers"},
    "schemas": {"type": "array", "items": {"type": "string"}, "description": "In which the role may create tables"},
    "events": {"type": "boolean", "description": "Whether there is a stream of events"},
    "scheduler": {"type": "boolean", "description": "Whether syncs of the role run by themselves"},
    "max_retries": {"type": "integer", "description": "After so many failures in a row a sync gives up"},
    "max_listed_tables": {"type": "integer", "description": "How many tables of a remote are listed at most"},
    "now": {"type": "string", "format": "date-time"},
    "ends_at": {"type": "string", "format": "date-time", "description": "Of a session of the page"}
  }
})"},

                               {"SyncNow", R"({
  "type": "object",
  "properties": {
    "enqueued": {"type": "boolean", "description": "False while a run goes on"},
    "synchronization_id": {"type": "string", "format": "uuid"},
    "state": {"type": "string", "enum": ["created", "queued", "syncing", "success", "failure"]}
  }
})"},

                               {"Synchronization", R"({
  "type": "object",
  "required": ["id", "name", "interval", "url", "state", "user_id", "created_at", "updated_at", "run_at", "ran_at",
               "modified_at", "etag", "checksum", "log_id", "error_code", "error_message", "retried_times",
               "service_name", "service_item_id", "type_guessing", "quoted_fields_guessing", "content_guessing",
               "visualization_id", "from_external_source"],
  "properties": {
    "data_import": {
      "type": "object",
      "required": ["endpoint", "item_queue_id"],
      "properties": {"endpoint": {"type": "string"}, "item_queue_id": {"type": "string", "format": "uuid"}}
    },
    "id": {"type": "string", "format": "uuid"},
    "name": {"type": ["string", "null"], "description": "Of the table"},
    "sync_name": {"type": "string"},
    "schema": {"type": "string"},
    "interval": {"type": "integer", "description": "Seconds"},
    "at": {"type": ["string", "null"], "description": "Time of the day and zone"},
    "url": {"type": "null"},
    "state": {"type": "string", "enum": ["created", "queued", "syncing", "success", "failure"]},
    "paused": {"type": "boolean"},
    "gave_up": {"type": "boolean"},
    "user_id": {"type": "string", "description": "The role"},
    "created_at": {"type": "string", "format": "date-time"},
    "updated_at": {"type": "string", "format": "date-time"},
    "run_at": {"type": ["string", "null"], "format": "date-time", "description": "The next run; null: none by itself"},
    "ran_at": {"type": ["string", "null"], "format": "date-time", "description": "The last success"},
    "failing_since": {"type": ["string", "null"], "format": "date-time"},
    "modified_at": {"type": ["string", "null"]},
    "etag": {"type": ["string", "null"]},
    "checksum": {"type": "string"},
    "log_id": {"type": ["string", "null"], "format": "uuid", "description": "The last run"},
    "error_code": {"type": ["integer", "null"]},
    "error_message": {"type": ["string", "null"]},
    "error_detail": {"type": ["string", "null"]},
    "error_hint": {"type": ["string", "null"]},
    "sqlstate": {"type": ["string", "null"]},
    "retried_times": {"type": "integer"},
    "service_name": {"type": "string"},
    "service_item_id": {"type": "string", "description": "The request as JSON, secrets masked"},
    "type_guessing": {"type": "boolean"},
    "quoted_fields_guessing": {"type": "boolean"},
    "content_guessing": {"type": "boolean"},
    "visualization_id": {"type": ["string", "null"]},
    "from_external_source": {"type": "boolean"},
    "server": {"type": "string"},
    "source": {"type": "string"},
    "warnings": {"type": ["object", "null"]},
    "schema_changes": {"type": ["object", "array", "null"]}
  }
})"},

                               {"SynchronizationChange", R"({
  "type": "object",
  "properties": {
    "interval": {"type": ["integer", "string"], "description": "Seconds"},
    "connector": {"$ref": "#/components/schemas/Connector"},
    "paused": {"type": "boolean"}
  }
})"},

                               {"SynchronizationCreate", R"({
  "type": "object",
  "required": ["connector"],
  "properties": {
    "connector": {"$ref": "#/components/schemas/Connector"},
    "interval": {"type": ["integer", "string"], "description": "Seconds"},
    "collision_strategy": {"type": "string", "enum": ["error", "rename", "skip", "overwrite"]}
  }
})"},

                               {"SynchronizationList", R"({
  "type": "object",
  "required": ["synchronizations", "total_entries"],
  "properties": {
    "synchronizations": {"type": "array", "items": {"$ref": "#/components/schemas/Synchronization"}},
    "total_entries": {"type": "integer"}
  }
})"},

                               {"TableList", R"({
  "type": "array",
  "items": {
    "type": "object",
    "required": ["schema", "name"],
    "properties": {
      "schema": {"type": ["string", "null"]},
      "name": {"type": "string"},
      "kind": {"type": "string"},
      "estimated_rows": {"type": ["integer", "null"]}
    }
  }
})"},

                               {"Visualization", R"({
  "type": "object",
  "required": ["id", "name", "type", "table"],
  "properties": {
    "id": {"type": "string", "format": "uuid"},
    "name": {"type": "string"},
    "type": {"type": "string", "const": "table"},
    "table": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
  }
})"}};

}  // namespace

std::span<const NamedSchema> schemas() noexcept {
  return all;
}

}  // namespace connector::http
