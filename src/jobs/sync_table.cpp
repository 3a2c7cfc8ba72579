#include "jobs/sync_table.hpp"

#include "pg/spi.hpp"
#include "pg/text.hpp"

extern "C" {
#include "catalog/pg_type.h"
}

namespace connector::jobs {

TableNames table_names(const store::Sync& sync) {
  if (sync.relation_exists) {
    const pg::SqlRows rows = pg::catalog_query(
        "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1",
        {{OIDOID, std::to_string(sync.relation)}});
    if (!rows.empty()) return {pg::utf8_text(*rows[0][0]), pg::utf8_text(*rows[0][1])};
  }
  return {pg::utf8_text(sync.target_schema), sync.texts.target_table};
}

}  // namespace connector::jobs
