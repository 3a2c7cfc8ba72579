#include "store/import_batches.hpp"

#include "pg/text.hpp"
#include "store/sql.hpp"

extern "C" {
#include "catalog/pg_type.h"
}

namespace connector::store {

using namespace sql;

namespace {

constexpr const char* is_ready =
    "b.ended_at IS NULL AND NOT EXISTS (SELECT FROM connector.import i WHERE i.batch_id = b.id AND i.ended_at IS NULL)";

}  // namespace

void create_batch(const std::string& id) {
  execute("INSERT INTO connector.import_batch (id, owner) VALUES ($1, $2)", {uuid(id), oid(GetUserId())});
}

std::vector<DueRow> ready_batches(Oid role) {
  return read_due_rows(
      query("SELECT b.id, b.owner, '', (extract(epoch FROM b.created_at) * 1000000)::bigint, "
            "r.oid IS NOT NULL, coalesce(r.rolcanlogin, false) FROM connector.import_batch b "
            "LEFT JOIN pg_roles r ON r.oid = b.owner WHERE " +
                std::string(is_ready) + " AND pg_has_role($1, b.owner, 'USAGE') ORDER BY b.created_at",
            {oid(role)}));
}

bool any_open_batch() {
  return *query("SELECT EXISTS (SELECT FROM connector.import_batch WHERE ended_at IS NULL)", {})[0][0] == "t";
}

std::optional<Oid> lock_ready_batch(const std::string& id) {
  const SqlRows rows = query("SELECT b.owner FROM connector.import_batch b WHERE b.id = $1 AND " +
                                 std::string(is_ready) + " FOR UPDATE SKIP LOCKED",
                             {uuid(id)});
  if (rows.empty()) return std::nullopt;
  return pg::read_oid(rows[0][0]);
}

void save_references(const std::string& import, const std::string& references) {
  execute("UPDATE connector.import SET references_found = $2 WHERE item_queue_id = $1",
          {uuid(import), json(references)});
}

std::vector<BatchImport> batch_imports(const std::string& id) {
  std::vector<BatchImport> imports;
  for (const auto& row : query("SELECT item_queue_id, schema_name, table_name, references_found FROM connector.import "
                               "WHERE batch_id = $1 AND state = 'complete' AND table_name IS NOT NULL "
                               "AND references_found IS NOT NULL ORDER BY id",
                               {uuid(id)})) {
    imports.push_back({*row[0], *row[1], *row[2], utf8(*row[3])});
  }
  return imports;
}

void save_problem(const std::string& import, const std::string& problem) {
  execute("UPDATE connector.import SET problem = $2 WHERE item_queue_id = $1", {uuid(import), shown(problem)});
}

void end_batch(const std::string& id, int keep) {
  execute("UPDATE connector.import_batch SET ended_at = clock_timestamp() WHERE id = $1", {uuid(id)});
  execute("UPDATE connector.import SET references_found = NULL WHERE batch_id = $1 AND references_found IS NOT NULL",
          {uuid(id)});
  const SqlRows failed =
      query("SELECT EXISTS (SELECT FROM connector.import WHERE batch_id = $1 AND state = 'failure')", {uuid(id)});
  notify("batch", id, *failed[0][0] == "t" ? "failure" : "complete");
  // Another batch of the role that is about to forget the same ones does so: nobody waits for the other's transaction.
  execute(
      "WITH gone AS (DELETE FROM connector.import_batch WHERE id = ANY (SELECT b.id FROM connector.import_batch b "
      "WHERE b.ended_at IS NOT NULL AND b.owner = (SELECT o.owner FROM connector.import_batch o WHERE o.id = $1) "
      "ORDER BY b.ended_at DESC OFFSET $2 FOR UPDATE SKIP LOCKED) RETURNING id) "
      "DELETE FROM connector.import WHERE batch_id IN (SELECT id FROM gone)",
      {uuid(id), number(static_cast<std::uint64_t>(keep))});
}

}  // namespace connector::store
