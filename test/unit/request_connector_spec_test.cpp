#include "core/request/connector_spec.hpp"
#include "core/request/connector_reader.hpp"

#include "requests.hpp"

namespace connector::core {
namespace {

using namespace testing;

TEST(ParseConnector, ReadsEveryKey) {
  const ConnectorSpec spec = parse(R"({
    "provider": "mysql",
    "connection": {"server": "db1", "port": 3307, "database": "shop", "username": "reader", "password": " p;w ",
                   "sslmode": "require", "connect_timeout": "5", "compression": true},
    "table": "orders", "sql_query": "SELECT 1", "import_as": "local", "schema": "s", "encoding": "iso-8859-1",
    "columns": ["a", "id", "n"], "max_rows": 10, "collision_strategy": "overwrite", "target_schema": "public",
    "column_names": "verbatim", "default_columns": true, "invalid_values": "null", "zero_dates": "error",
    "sync": {"mode": "merge", "key": ["id", "n"], "on_schema_change": "error", "skip_unchanged": true,
             "at": "02:00 UTC", "on_success": " SELECT 1 ", "on_failure": "SELECT 2"}
  })",
                                   RequestKind::sync);
  EXPECT_EQ(spec.provider, "mysql");
  EXPECT_FALSE(spec.foreign_server);
  const ConnectionOptions expected = {{"server", "db1"},        {"port", "3307"},       {"database", "shop"},
                                      {"username", "reader"},   {"password", " p;w "},  {"sslmode", "require"},
                                      {"connect_timeout", "5"}, {"compression", "true"}};
  EXPECT_EQ(spec.connection, expected);
  EXPECT_EQ(spec.table, "orders");
  EXPECT_EQ(spec.sql_query, "SELECT 1");
  EXPECT_EQ(spec.import_as, "local");
  EXPECT_EQ(spec.local_name_source(), "local");
  EXPECT_EQ(spec.schema, "s");
  EXPECT_EQ(spec.encoding, "LATIN1");
  ASSERT_EQ(spec.columns.size(), 3u);
  EXPECT_EQ(spec.max_rows, 10);
  EXPECT_EQ(spec.collision_strategy, CollisionStrategy::overwrite);
  EXPECT_EQ(spec.target_schema, "public");
  EXPECT_EQ(spec.column_names, ColumnNames::verbatim);
  EXPECT_TRUE(spec.default_columns);
  EXPECT_EQ(spec.invalid_values, InvalidValues::null);
  EXPECT_EQ(spec.provider_parameters.at("zero_dates"), "error");
  ASSERT_TRUE(spec.sync);
  EXPECT_EQ(spec.sync->mode, SyncMode::merge);
  EXPECT_EQ(spec.sync->key, (std::vector<std::string>{"id", "n"}));
  EXPECT_EQ(spec.sync->on_schema_change, OnSchemaChange::error);
  EXPECT_TRUE(spec.sync->skip_unchanged);
  EXPECT_EQ(spec.sync->at, (schedule::ClockTime{std::chrono::hours(2), "UTC"}));
  EXPECT_EQ(spec.sync->on_success, " SELECT 1 ");
  EXPECT_EQ(spec.sync->on_failure, "SELECT 2");
}

TEST(ParseConnector, HasTheDefaultsOfTheContract) {
  const ConnectorSpec spec = parse(request(R"("table": "t")"));
  EXPECT_EQ(spec.local_name_source(), "t");
  EXPECT_FALSE(spec.sql_query || spec.import_as || spec.schema || spec.encoding || spec.max_rows ||
               spec.target_schema || spec.sync || spec.interval);
  EXPECT_TRUE(spec.columns.empty());
  EXPECT_EQ(spec.collision_strategy, CollisionStrategy::rename);
  EXPECT_EQ(spec.column_names, ColumnNames::normalize);
  EXPECT_FALSE(spec.default_columns);
  EXPECT_EQ(spec.invalid_values, InvalidValues::error);
  EXPECT_TRUE(spec.provider_parameters.empty());
  EXPECT_TRUE(spec.provider_parameters.empty());
}

TEST(ParseConnector, KeysAreMatchedWithoutRegardToCaseAndValuesExactly) {
  const ConnectorSpec spec = parse(
      R"({"PROVIDER": "mysql", "Connection": {"SERVER": "DB", "UserName": "U", "passWORD": "pW"}, "TABLE": "Orders"})");
  EXPECT_EQ(spec.connection.at("server"), "DB");
  EXPECT_EQ(spec.connection.at("username"), "U");
  EXPECT_EQ(spec.connection.at("password"), "pW");
  EXPECT_EQ(spec.table, "Orders");
  EXPECT_NE(refusal(R"({"provider": "MySQL", "connection": {"server": "d", "username": "u"}, "table": "t"})")
                .detail.find("did you mean \"mysql\"?"),
            std::string::npos);
  expect_problem(request(R"("table": "t", "collision_strategy": "Skip")"), "collision_strategy",
                 R"(Key "collision_strategy" must be "rename", "skip", "overwrite" or "error".)");
}

TEST(ParseConnector, AllOffendingKeysAreReportedAtOnce) {
  const Refusal found = refusal(R"({
    "provider": "mysql", "tabel": "t", "max_rows": -1, "invalid_values": "ignore", "encoding": "klingon",
    "connection": {"server": "d", "pasword": "hunter2", "port": 70000}, "import_as": 3
  })");
  EXPECT_EQ(found.number, ErrorNumber::invalid_parameters);
  for (const char* key : {"\"tabel\"", "\"connection.pasword\"", "\"connection.port\"", "\"connection.username\"",
                          "\"max_rows\"", "\"invalid_values\"", "\"encoding\"", "\"import_as\"", "\"table\""}) {
    EXPECT_NE(found.message.find(key), std::string::npos) << key << " in " << found.message;
  }
  for (const char* line :
       {"Unknown key \"tabel\"; did you mean \"table\"?\n",
        "Unknown key \"connection.pasword\"; did you mean \"password\"?\n",
        "Key \"connection.port\" must be an integer from 1 to 65535.\n", "Missing key \"connection.username\".\n",
        "Key \"max_rows\" must be an integer not below 0.\n", "Key \"invalid_values\" must be \"error\" or \"null\".\n",
        "Key \"encoding\" must be the name of an encoding of PostgreSQL, not \"klingon\".\n",
        "Key \"import_as\" must be a string, not an integer.\n"}) {
    EXPECT_NE(found.detail.find(line), std::string::npos) << line << " in " << found.detail;
  }
  EXPECT_EQ(found.hint, "cdb_connector_info('mysql') lists the parameters.");
  EXPECT_EQ((found.message + found.detail + found.hint).find("hunter2"), std::string::npos);
}

TEST(ParseConnector, SuggestsTheNearestKeyIfOneIsNear) {
  expect_problem(request(R"("table": "t", "max_row": 1)"), "max_row",
                 R"(Unknown key "max_row"; did you mean "max_rows"?)");
  expect_problem(request(R"("table": "t", "Sql_Qeury": "x")"), "Sql_Qeury",
                 R"(Unknown key "Sql_Qeury"; did you mean "sql_query"?)");
  expect_problem(request(R"("table": "t", "privacy": "x")"), "privacy", R"(Unknown key "privacy".)");
  expect_problem(connection(R"("server": "d", "username": "u", "user": "x")"), "connection.user",
                 R"(Unknown key "connection.user"; did you mean "username"?)");
  expect_problem(request(R"("table": "t", "": "x")"), "", R"(Unknown key "".)");
}

TEST(ParseConnector, SaysWhereAKeyBelongs) {
  expect_problem(request(R"("table": "t", "password": "x")"), "password",
                 R"(Unknown key "password"; it belongs in "connection".)");
  expect_problem(connection(R"("server": "d", "username": "u", "schema": "x")"), "connection.schema",
                 R"(Unknown key "connection.schema"; it belongs beside "connection".)");
}

TEST(ParseConnector, DuplicateKeysAreErrorsWhateverTheirCase) {
  expect_problem(request(R"("table": "t", "table": "t")"), "table", R"(Duplicate key "table".)");
  expect_problem(request(R"("table": "t", "Table": "u", "TABLE": "v")"), "table", R"(Duplicate key "table".)");
  expect_problem(connection(R"("server": "d", "username": "u", "Server": "e")"), "connection.server",
                 R"(Duplicate key "connection.server".)");
  expect_problem(request(R"("table": "t", "sync": {"mode": "replace", "Mode": "replace"})"), "sync.mode",
                 R"(Duplicate key "sync.mode".)", RequestKind::sync);
}

TEST(ParseConnector, RequiredKeysMustBeThereAndNotBlank) {
  expect_problem(R"({"connection": {"server": "d", "username": "u"}, "table": "t"})", "provider",
                 R"(Missing key "provider".)");
  expect_problem(R"({"provider": " ", "connection": {}, "table": "t"})", "provider",
                 R"(Key "provider" must not be blank.)");
  expect_problem(R"({"provider": "mysql", "table": "t"})", "connection", R"(Missing key "connection".)");
  expect_problem(R"({"provider": "mysql", "table": "t", "connection": null})", "connection",
                 R"(Missing key "connection".)");
  expect_problem(R"({"provider": "mysql", "table": "t", "connection": "  "})", "connection",
                 R"(Key "connection" must not be blank.)");
  expect_problem(connection(R"("server": "d")"), "connection.username", R"(Missing key "connection.username".)");
  expect_problem(connection(R"("server": "d", "username": "")"), "connection.username",
                 R"(Key "connection.username" must not be blank.)");
  expect_problem(connection(R"("server": "d", "username": null)"), "connection.username",
                 R"(Missing key "connection.username".)");
  expect_problem(R"({"provider": "vault", "unlock": "k", "table": "t", "connection": {"server": "d", "password": ""}})",
                 "connection.password", R"(Key "connection.password" must not be blank.)");
  expect_problem(R"({"provider": "vault", "table": "t", "connection": {"server": "d", "password": "p"}})", "unlock",
                 R"(Missing key "unlock".)");
}

TEST(ParseConnector, NullAndBlankOptionalValuesAreAbsent) {
  const ConnectorSpec spec = parse(R"({"provider": "mysql", "table": "t", "import_as": " ", "schema": "",
    "encoding": null, "columns": null, "max_rows": null, "default_columns": null, "collision_strategy": "",
    "zero_dates": null, "sync": null,
    "connection": {"server": "d", "username": "u", "port": "", "database": "", "password": "", "sslmode": null}})");
  EXPECT_EQ(spec.local_name_source(), "t");
  EXPECT_FALSE(spec.schema || spec.encoding || spec.max_rows || spec.sync);
  // An empty password is a password.
  EXPECT_EQ(spec.connection, (ConnectionOptions{{"server", "d"}, {"username", "u"}, {"password", ""}}));
}

TEST(ParseConnector, ASourceIsNeededWhereRowsAreRead) {
  for (const RequestKind kind : {RequestKind::import, RequestKind::sync, RequestKind::dry_run}) {
    expect_problem(request(R"("max_rows": 1)"), "table",
                   R"(Missing key "table": either "table" or "sql_query" must say what to read.)", kind);
    expect_problem(request(R"("table": "")"), "table",
                   R"(Missing key "table": either "table" or "sql_query" must say what to read.)", kind);
    expect_problem(request(R"("sql_query": "SELECT 1")"), "import_as",
                   R"(Missing key "import_as": the result of "sql_query" needs a name.)", kind);
    EXPECT_EQ(parse(request(R"("sql_query": "SELECT 1", "table": "x")"), kind).local_name_source(), "x");
    EXPECT_EQ(parse(request(R"("sql_query": "SELECT 1", "import_as": "x")"), kind).local_name_source(), "x");
  }
  for (const RequestKind kind : {RequestKind::check, RequestKind::list_tables}) {
    EXPECT_EQ(parse(request(R"("max_rows": 1)"), kind).local_name_source(), "");
    EXPECT_EQ(parse(request(R"("sql_query": "SELECT 1")"), kind).sql_query, "SELECT 1");
  }
}

TEST(ParseConnector, OneSemicolonAtTheEndIsDropped) {
  const auto query = [](std::string_view text) {
    return parse(request("\"import_as\": \"x\", \"sql_query\": \"" + std::string(text) + '"'))
        .sql_query.value_or("none");
  };
  EXPECT_EQ(query("SELECT 1;"), "SELECT 1");
  EXPECT_EQ(query("SELECT 1; \\n"), "SELECT 1");
  EXPECT_EQ(query("SELECT 1;;"), "SELECT 1;");
  EXPECT_EQ(query(" SELECT ';' "), " SELECT ';' ");
  expect_problem(request(R"("import_as": "x", "sql_query": " ; ")"), "table",
                 R"(Missing key "table": either "table" or "sql_query" must say what to read.)");
}

TEST(ParseConnector, WrongTypesNameKeyAndType) {
  expect_problem(request(R"("table": ["t"])"), "table", R"(Key "table" must be a string, not an array.)");
  expect_problem(request(R"("table": "t", "default_columns": "true")"), "default_columns",
                 R"(Key "default_columns" must be true or false, not a string.)");
  expect_problem(request(R"("table": "t", "max_rows": true)"), "max_rows",
                 R"(Key "max_rows" must be an integer, not a boolean.)");
  expect_problem(request(R"("table": "t", "max_rows": 1.5)"), "max_rows",
                 R"(Key "max_rows" must be an integer, not a number.)");
  expect_problem(request(R"("table": "t", "sync": true)"), "sync", R"(Key "sync" must be an object, not a boolean.)");
  expect_problem(R"({"provider": 1, "connection": {}, "table": "t"})", "provider",
                 R"(Key "provider" must be a string, not an integer.)");
  expect_problem(R"({"provider": "mysql", "connection": [], "table": "t"})", "connection",
                 R"(Key "connection" must be an object or the name of a foreign server, not an array.)");
  expect_problem(connection(R"("server": "d", "username": "u", "password": 12345)"), "connection.password",
                 R"(Key "connection.password" must be a string, not an integer.)");
  expect_problem(connection(R"("server": {"a": 1}, "username": "u")"), "connection.server",
                 R"(Key "connection.server" must be a string, not an object.)");
  expect_problem(connection(R"("server": "d", "username": "u", "port": 3306.0)"), "connection.port",
                 R"(Key "connection.port" must be an integer, not a number.)");
  expect_problem(request(R"("table": "t", "zero_dates": 0)"), "zero_dates",
                 R"(Key "zero_dates" must be a string, not an integer.)");
}

TEST(ParseConnector, KeysOfAnotherProviderAreUnknown) {
  expect_problem(R"({"provider": "hive", "connection": {"server": "d"}, "table": "t", "zero_dates": "null"})",
                 "zero_dates", R"(Unknown key "zero_dates".)");
}

TEST(ParseConnector, ProviderParametersAreChecked) {
  expect_problem(request(R"("table": "t", "zero_dates": "never")"), "zero_dates",
                 R"(Key "zero_dates" must be "null" or "error".)");
  const ConnectorSpec spec = parse(
      R"({"provider": "vault", "table": "t", "unlock": "k", "depth": 3, "connection": {"server": "d", "password": "p"}})");
  EXPECT_EQ(spec.provider_parameters.at("unlock"), "k");
  EXPECT_EQ(spec.provider_parameters.at("depth"), "3");
}

TEST(ParseConnector, UnknownProviders) {
  const Refusal found = refusal(R"({"provider": "mysq", "connection": {"anything": 1}, "tabel": "t"})");
  EXPECT_EQ(found.number, ErrorNumber::invalid_parameters);
  EXPECT_NE(found.message.find("\"provider\""), std::string::npos);
  EXPECT_NE(found.message.find("\"tabel\""), std::string::npos);  // the rest is checked all the same
  EXPECT_NE(found.detail.find("Unknown provider \"mysq\"; did you mean \"mysql\"? "
                              "Known are \"mysql\", \"vault\", \"hive\" or \"odbc\".\n"),
            std::string::npos)
      << found.detail;
  EXPECT_NE(found.hint.find("cdb_connectors()"), std::string::npos);
}

TEST(ParseConnector, AProviderThatWasNotBuiltInIsDisabled) {
  const Refusal found = refusal(R"({"provider": "sqlserver", "connection": {}, "table": "t"})");
  EXPECT_EQ(found.number, ErrorNumber::connectors_disabled);
  EXPECT_EQ(found.message, "provider \"sqlserver\" is not available");
  EXPECT_FALSE(found.hint.empty());
}

TEST(ParseConnector, SyncOptionsAreForSyncsOnly) {
  for (const RequestKind kind : {RequestKind::import, RequestKind::check, RequestKind::list_tables}) {
    expect_problem(request(R"("table": "t", "sync": {})"), "sync", R"(Key "sync" is for cdb_sync_connector() only.)",
                   kind);
  }
  EXPECT_TRUE(parse(request(R"("table": "t", "sync": {})"), RequestKind::sync).sync);
  EXPECT_TRUE(parse(request(R"("table": "t", "sync": {})"), RequestKind::dry_run).sync);  // tells how it would refresh
}

TEST(ParseConnector, SyncModesNeedTheirColumns) {
  const auto sync = [](std::string_view members) {
    return request("\"table\": \"t\", \"sync\": {" + std::string(members) + '}');
  };
  const auto kind = RequestKind::sync;
  EXPECT_TRUE(parse(sync(R"("mode": "merge")"), kind).sync->key.empty()) << "the source may have a primary key";
  EXPECT_TRUE(parse(sync(R"("mode": "merge", "key": [])"), kind).sync->key.empty());
  expect_problem(sync(R"("at": "2 o'clock")"), "sync.at",
                 R"(Key "sync.at" must be a time of the day, with a time zone or without: "02:00", "02:00:30 )"
                 R"(Europe/Berlin".)",
                 kind);
  expect_problem(sync(R"("on_success": ["SELECT 1"])"), "sync.on_success",
                 R"(Key "sync.on_success" must be a string, not an array.)", kind);
  expect_problem(sync(R"("mode": "append")"), "sync.cursor",
                 R"(Missing key "sync.cursor": mode "append" needs the column that tells new rows.)", kind);
  expect_problem(sync(R"("cursor": "id")"), "sync.cursor", R"(Key "sync.cursor" is for mode "append" only.)", kind);
  expect_problem(sync(R"("mode": "upsert")"), "sync.mode", R"(Key "sync.mode" must be "replace", "merge" or "append".)",
                 kind);
  expect_problem(sync(R"("mode": "merge", "key": ["a", "a"])"), "sync.key", R"(Key "sync.key" names column "a" twice.)",
                 kind);
  expect_problem(sync(R"("mode": "merge", "key": [1])"), "sync.key",
                 R"(Each element of key "sync.key" must be the name of a column.)", kind);
  expect_problem(sync(R"("key": 5)"), "sync.key",
                 R"(Key "sync.key" must be a string or an array of strings, not an integer.)", kind);
  expect_problem(sync(R"("on_schema_change": "ignore")"), "sync.on_schema_change",
                 R"(Key "sync.on_schema_change" must be "follow" or "error".)", kind);
  expect_problem(sync(R"("skip_unchanged": 1)"), "sync.skip_unchanged",
                 R"(Key "sync.skip_unchanged" must be true or false, not an integer.)", kind);
  expect_problem(sync(R"("mode": "merge", "compare": "columns")"), "sync.compare",
                 R"(Key "sync.compare" must be "rows" or "ranges".)", kind);
  expect_problem(sync(R"("compare": "ranges")"), "sync.compare",
                 R"(Key "sync.compare": "ranges" is for mode "merge" only.)", kind);
  EXPECT_EQ(parse(sync(R"("mode": "merge", "compare": "ranges")"), kind).sync->compare, Compare::ranges);
  expect_problem(sync(R"("Mod": "merge")"), "sync.Mod", R"(Unknown key "sync.Mod"; did you mean "mode"?)", kind);
  EXPECT_EQ(parse(sync(R"("mode": "merge", "key": "id")"), kind).sync->key, std::vector<std::string>{"id"});
  EXPECT_EQ(parse(sync(R"("mode": "append", "cursor": "id")"), kind).sync->cursor, "id");
}

TEST(ParseConnector, AcceptsTheWrappedForm) {
  const std::string bare = request(R"("table": "t")");
  EXPECT_EQ(parse(R"({"connector": )" + bare + "}").interval, std::nullopt);
  EXPECT_EQ(parse(R"({"Connector": )" + bare + R"(, "INTERVAL": 900})").interval, "900");
  EXPECT_EQ(parse(R"({"interval": "15 minutes", "connector": )" + bare + "}").interval, "15 minutes");
  EXPECT_EQ(parse(R"({"interval": null, "connector": )" + bare + "}").interval, std::nullopt);
  EXPECT_EQ(parse(R"({"connector": )" + bare + "}").table, "t");
  expect_problem(R"({"connector": )" + bare + R"(, "privacy": "public"})", "privacy", R"(Unknown key "privacy".)");
  expect_problem(R"({"connector": )" + bare + R"(, "intervall": 900})", "intervall",
                 R"(Unknown key "intervall"; did you mean "interval"?)");
  expect_problem(R"({"connector": )" + bare + R"(, "table": "t"})", "table",
                 R"(Unknown key "table"; it belongs inside "connector".)");
  expect_problem(R"({"connector": )" + bare + R"(, "interval": -5})", "interval",
                 R"(Key "interval" must be positive.)");
  expect_problem(R"({"connector": )" + bare + R"(, "interval": true})", "interval",
                 R"(Key "interval" must be a whole number of seconds or the text of an interval, not a boolean.)");
  expect_problem(R"({"connector": )" + bare + R"(, "CONNECTOR": {}})", "connector", R"(Duplicate key "connector".)");
  expect_problem(R"({"connector": "mysql"})", "connector", R"(Key "connector" must be an object, not a string.)");
  expect_problem(R"({"connector": null})", "connector", R"(Key "connector" must be an object.)");
  expect_problem(request(R"("table": "t", "interval": 900)"), "interval", R"(Unknown key "interval".)");
}

TEST(ParseConnector, ListsOfColumnsAreNoLongerThanATableCanBe) {
  const auto names = [](std::size_t count) {
    std::string list;
    for (std::size_t i = 0; i < count; ++i) list += ",\"c" + std::to_string(i) + '"';
    return '[' + list.substr(1) + ']';
  };
  const auto columns = [](const std::string& list) { return request("\"table\": \"t\", \"columns\": " + list); };
  const auto key = [](const std::string& list) {
    return request(R"("table": "t", "sync": {"mode": "merge", "key": )" + list + '}');
  };
  EXPECT_EQ(parse(columns(names(1600))).columns.size(), 1600u);
  EXPECT_EQ(parse(key(names(1600)), RequestKind::sync).sync->key.size(), 1600u);
  const std::string_view too_many = R"(Key "columns" names more than 1600 columns; no table has as many.)";
  expect_problem(columns(names(1601)), "columns", too_many);
  expect_problem(columns('"' + std::string(1'000'000, ',') + '"'), "columns", too_many);
  expect_problem(key(names(1601)), "sync.key", R"(Key "sync.key" names more than 1600 columns; no table has as many.)",
                 RequestKind::sync);
  expect_problem(key(R"(["a", "b", "a"])"), "sync.key", R"(Key "sync.key" names column "a" twice.)", RequestKind::sync);
}

TEST(ParseConnector, NamesThatOthersUseAreTold) {
  const auto connection_line = [](std::string_view theirs, std::string_view ours) {
    return "Unknown key \"connection." + std::string(theirs) + "\"; did you mean \"" + std::string(ours) + "\"?";
  };
  for (const auto& [theirs, ours] : std::initializer_list<std::pair<const char*, const char*>>{{"host", "server"},
                                                                                               {"hostname", "server"},
                                                                                               {"user", "username"},
                                                                                               {"dbname", "database"},
                                                                                               {"db", "database"},
                                                                                               {"passwd", "password"},
                                                                                               {"pass", "password"},
                                                                                               {"pwd", "password"},
                                                                                               {"ssl", "sslmode"}}) {
    expect_problem(connection(R"("server": "h", "username": "u", ")" + std::string(theirs) + R"(": "x")"),
                   "connection." + std::string(theirs), connection_line(theirs, ours));
  }
  expect_problem(request(R"("table": "t", "query": "x")"), "query",
                 "Unknown key \"query\"; did you mean \"sql_query\"?");
  expect_problem(request(R"("table": "t", "host": "x")"), "host",
                 "Unknown key \"host\"; did you mean \"server\", in \"connection\"?");
  expect_problem(connection(R"("server": "h", "username": "u", "query": "x")"), "connection.query",
                 "Unknown key \"connection.query\"; did you mean \"sql_query\", beside \"connection\"?");
}

TEST(ParseConnector, ProvidersByOtherNamesAreTold) {
  const auto line = [](std::string_view id) { return refusal(R"({"provider": ")" + std::string(id) + "\"}").detail; };
  for (const char* id : {"mariadb", "MariaDB", "maria"}) {
    EXPECT_NE(line(id).find("did you mean \"mysql\"?"), std::string::npos) << line(id);
  }
  // What was left out of the build is not offered.
  EXPECT_EQ(line("mssql").find("sqlserver"), std::string::npos) << line("mssql");
}

TEST(ParseConnector, AServerIsAHostAndNothingElse) {
  const auto with_server = [](std::string_view server) {
    return connection(R"("server": ")" + std::string(server) + R"(", "username": "u")");
  };
  for (const char* server : {"127.0.0.1:3307", "db.example.com:1", "[::1]:3307", "[2001:db8::1]:3307"}) {
    expect_problem(with_server(server), "connection.server",
                   "Key \"connection.server\" must be a host name or an address; the port goes into \"port\".");
  }
  for (const char* server : {"http://db", "mysql://u:hunter2@db:3306/x"}) {
    expect_problem(with_server(server), "connection.server",
                   "Key \"connection.server\" must be a host name or an address, not a URL.");
  }
  for (const char* server : {"db", "127.0.0.1", "::1", "[::1]", "2001:db8::1", "fe80::1%eth0", "db:", "db:x"}) {
    EXPECT_EQ(parse(with_server(server)).connection.at("server"), server);
  }
}

TEST(ParseConnector, AnIntervalHasItsPlace) {
  const auto hint = [](std::string_view json, RequestKind kind) { return refusal(json, kind).hint; };
  const std::string bare = request(R"("table": "t", "interval": 900)");
  EXPECT_NE(hint(bare, RequestKind::sync).find("stands beside \"connector\""), std::string::npos);
  EXPECT_NE(hint(R"({"connector": )" + bare + '}', RequestKind::sync).find("stands beside \"connector\""),
            std::string::npos);
  EXPECT_NE(hint(bare, RequestKind::import).find("cdb_sync_connector()"), std::string::npos);
}

TEST(ParseConnector, ANameHasItsPlace) {
  const std::string bare = request(R"("table": "t")");
  for (const std::string& json :
       {request(R"("table": "t", "name": "n")"), R"({"connector": )" + bare + R"(, "name": "n"})"}) {
    EXPECT_NE(refusal(json, RequestKind::sync).hint.find("name => 'orders'"), std::string::npos) << json;
    EXPECT_NE(refusal(json, RequestKind::import).hint.find("\"import_as\""), std::string::npos) << json;
  }
}

TEST(ParseConnector, AUrlIsAdvisedAndNotShown) {
  const Refusal found = refusal(R"({"provider": "mysql", "table": "t", "connection": "mysql://u:hunter2@db/x"})");
  EXPECT_EQ(found.message, "invalid connector parameters: \"connection\"");
  EXPECT_NE(found.hint.find("name of a foreign server"), std::string::npos);
  EXPECT_EQ((found.detail + found.hint).find("hunter2"), std::string::npos);
}

TEST(ParseConnector, TheForeignServerSuppliesTheProvider) {
  const auto server_provider = [](std::string_view server) -> std::optional<std::string> {
    if (server == "shop") return "mysql";
    return std::nullopt;
  };
  const auto parsed = [&](std::string_view json) {
    return parse_connector(json, RequestKind::import, fake_registry(), server_provider);
  };
  EXPECT_EQ(parsed(R"({"connection": "shop", "table": "t", "zero_dates": "error"})").provider, "mysql");
  EXPECT_EQ(parsed(R"({"connection": "shop", "table": "t", "provider": null})").provider, "mysql");
  EXPECT_EQ(parsed(R"({"connection": "shop", "table": "t", "provider": "hive"})").provider, "hive");
  for (const char* json :
       {R"({"connection": "other", "table": "t"})", R"({"connection": {"server": "shop"}, "table": "t"})",
        R"({"connection": "x://shop", "table": "t"})"}) {
    EXPECT_THROW(parsed(json), Error) << json;
  }
  EXPECT_THROW(parsed(R"({"connection": "shop", "table": "t", "depth": 5})"), Error);
}

}  // namespace
}  // namespace connector::core
