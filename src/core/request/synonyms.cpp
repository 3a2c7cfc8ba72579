#include "core/request/synonyms.hpp"

#include <algorithm>
#include <span>

namespace connector::core {

namespace {

struct Synonym {
  std::string_view word;
  std::string_view ours;
};

constexpr Synonym keys[] = {
    // of a connection
    {"host", "server"},
    {"hostname", "server"},
    {"host_name", "server"},
    {"hostaddr", "server"},
    {"address", "server"},
    {"addr", "server"},
    {"servername", "server"},
    {"server_name", "server"},
    {"user", "username"},
    {"user_name", "username"},
    {"uid", "username"},
    {"login", "username"},
    {"account", "username"},
    {"dbname", "database"},
    {"db", "database"},
    {"database_name", "database"},
    {"catalog", "database"},
    {"passwd", "password"},
    {"pass", "password"},
    {"pwd", "password"},
    {"ssl", "sslmode"},
    {"ssl_mode", "sslmode"},
    {"tls", "sslmode"},
    {"encrypt", "sslmode"},
    {"ssl_ca", "sslrootcert"},
    {"ssl_cert", "sslcert"},
    {"ssl_key", "sslkey"},
    {"timeout", "connect_timeout"},
    // of a request
    {"driver", "provider"},
    {"engine", "provider"},
    {"query", "sql_query"},
    {"sql", "sql_query"},
    {"statement", "sql_query"},
    {"table_name", "table"},
    {"tablename", "table"},
    {"schema_name", "schema"},
    {"local_table", "import_as"},
    {"target_table", "import_as"},
    {"charset", "encoding"},
    {"character_set", "encoding"},
    {"client_encoding", "encoding"},
    {"fields", "columns"},
    {"limit", "max_rows"},
    {"if_exists", "collision_strategy"},
    {"on_conflict", "collision_strategy"},
    // of `sync`
    {"primary_key", "key"},
    {"keys", "key"},
    {"incremental_key", "cursor"},
    {"update_key", "cursor"},
};

constexpr Synonym providers[] = {
    {"mariadb", "mysql"},        {"maria", "mysql"},      {"mssql", "sqlserver"}, {"sql_server", "sqlserver"},
    {"sql server", "sqlserver"}, {"sqlsrv", "sqlserver"}, {"tds", "sqlserver"},   {"azuresql", "sqlserver"},
    {"pg", "postgres"},          {"pgsql", "postgres"},   {"psql", "postgres"},   {"postgresql", "postgres"},
    {"hive2", "hive"},           {"hiveserver2", "hive"}, {"spark", "hive"},      {"impala", "hive"},
};

std::optional<std::string_view> find(std::span<const Synonym> synonyms, std::string_view word) noexcept {
  const auto found = std::ranges::find(synonyms, word, &Synonym::word);
  return found == synonyms.end() ? std::nullopt : std::optional(found->ours);
}

}  // namespace

std::optional<std::string_view> key_for(std::string_view word) noexcept {
  return find(keys, word);
}

std::optional<std::string_view> provider_for(std::string_view word) noexcept {
  return find(providers, word);
}

}  // namespace connector::core
