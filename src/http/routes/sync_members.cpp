#include "http/routes/sync_members.hpp"

namespace connector::http {

namespace {

// Those of the object as cdb_sync_status() tells it, and what else the original takes or its Python client has.
constexpr std::string_view members[] = {"at",
                                        "checksum",
                                        "content_guessing",
                                        "create_vis",
                                        "created_at",
                                        "data_import",
                                        "enqueued",
                                        "error_code",
                                        "error_detail",
                                        "error_hint",
                                        "error_message",
                                        "etag",
                                        "failing_since",
                                        "from_external_source",
                                        "gave_up",
                                        "id",
                                        "log_id",
                                        "modified_at",
                                        "name",
                                        "paused",
                                        "privacy",
                                        "quoted_fields_guessing",
                                        "ran_at",
                                        "retried_times",
                                        "run_at",
                                        "schema",
                                        "schema_changes",
                                        "server",
                                        "service_item_id",
                                        "service_name",
                                        "source",
                                        "sqlstate",
                                        "state",
                                        "success",
                                        "sync_name",
                                        "synchronization_id",
                                        "type_guessing",
                                        "updated_at",
                                        "url",
                                        "user_id",
                                        "visualization_id",
                                        "warnings"};

}  // namespace

std::span<const std::string_view> sync_members() noexcept {
  return members;
}

}  // namespace connector::http
