#include <gtest/gtest.h>

#include "core/base/error.hpp"
#include "core/request/connector_reader.hpp"
#include "core/request/kept_secrets.hpp"
#include "core/remote/registry.hpp"
#include "fake_provider.hpp"

namespace connector::core {
namespace {

StoredRequest stored(std::string_view json) {
  MaskedConnector masked = mask_connector(json, testing::fake_registry());
  return {masked.text, masked.secrets, false};
}

/// The whole of `asked` after it kept the secrets of `before`, or why it could not.
std::string kept(std::string_view asked, std::string_view before) {
  const Registry& registry = testing::fake_registry();
  const StoredRequest now = stored(asked);
  const StoredRequest then = stored(before);
  const ConnectorSpec spec = parse_connector(asked, RequestKind::sync, registry);
  const ConnectorSpec kept_spec = parse_connector(before, RequestKind::sync, registry);
  try {
    return whole_connector(keep_secrets({now, spec}, {then, kept_spec}, registry.find(spec.provider)->info()));
  } catch (const Error& error) {
    EXPECT_EQ(error.number(), ErrorNumber::invalid_parameters);
    return error.detail() + ' ' + error.hint();
  }
}

std::string mysql(std::string_view connection, std::string_view more = {}) {
  return R"({"provider":"mysql","table":"t","connection":{"server":"db","username":"u",)" + std::string(connection) +
         '}' + std::string(more) + '}';
}

const std::string before = mysql(R"("password":"hunter2")");

TEST(KeptSecrets, AMaskKeepsTheSecretWhateverElseChanges) {
  EXPECT_EQ(kept(mysql(R"("password":"********")", R"(,"max_rows":5,"schema":"s")"), before),
            mysql(R"("password":"hunter2")", R"(,"max_rows":5,"schema":"s")"));
  EXPECT_EQ(kept(R"({"connection":{"PASSWORD":"********","Server":"db","username":"u"},"provider":"mysql",)"
                 R"("sql_query":"SELECT 1","import_as":"x"})",
                 before),
            R"({"connection":{"PASSWORD":"hunter2","Server":"db","username":"u"},"provider":"mysql",)"
            R"("sql_query":"SELECT 1","import_as":"x"})");
}

TEST(KeptSecrets, ADefaultThatIsAddedChangesNothing) {
  for (const char* more : {R"("port":3306)", R"("port":"03306")", R"("sslmode":"prefer")", R"("compression":false)",
                           R"("database":" ")", R"("port":null)"}) {
    const std::string asked = mysql(R"("password":"********",)" + std::string(more));
    EXPECT_NE(kept(asked, before).find("hunter2"), std::string::npos) << asked;
    EXPECT_NE(
        kept(mysql(R"("password":"********")"), mysql(R"("password":"hunter2",)" + std::string(more))).find("hunter2"),
        std::string::npos)
        << asked;
  }
}

TEST(KeptSecrets, AnotherConnectionGetsNone) {
  const auto refused = [](std::string_view asked, std::string_view stored_before, std::string_view key) {
    EXPECT_EQ(kept(asked, stored_before),
              "The connection differs in \"" + std::string(key) + "\".\nConnector error 1502. Give the password again.")
        << asked;
  };
  for (const auto& [more, key] : std::initializer_list<std::pair<const char*, const char*>>{
           {R"("port":3307)", "connection.port"},
           {R"("sslmode":"disable")", "connection.sslmode"},
           {R"("database":"other")", "connection.database"},
           {R"("compression":true)", "connection.compression"},
           {R"("connect_timeout":5)", "connection.connect_timeout"}}) {
    refused(mysql(R"("password":"********",)" + std::string(more)), before, key);
    refused(mysql(R"("password":"********")"), mysql(R"("password":"hunter2",)" + std::string(more)), key);
  }
  const std::string table = R"(,"table":"t"})";
  refused(R"({"provider":"mysql","connection":{"server":"evil","username":"u","password":"********"})" + table, before,
          "connection.server");
  refused(R"({"provider":"mysql","connection":{"server":"db","username":"v","password":"********"})" + table, before,
          "connection.username");
  refused(R"({"provider":"hive","connection":{"server":"db","password":"********"})" + table, before, "provider");
}

TEST(KeptSecrets, AnyKeyOfADriverWithKeysOfItsOwnCounts) {
  const auto odbc = [](std::string_view connection) {
    return R"({"provider":"odbc","table":"t","connection":{)" + std::string(connection) + "}}";
  };
  const std::string stored_before = odbc(R"("driver":"d","password":"hunter2")");
  EXPECT_NE(kept(odbc(R"("driver":"d","password":"********")"), stored_before).find("hunter2"), std::string::npos);
  EXPECT_EQ(kept(odbc(R"("driver":"d","password":"********","Trace":"1")"), stored_before).find("hunter2"),
            std::string::npos);
  EXPECT_EQ(kept(odbc(R"("driver":"e","password":"********")"), stored_before).find("hunter2"), std::string::npos);
  EXPECT_EQ(kept(odbc(R"("driver":"d","Trace":"********")"), stored_before).find("hunter2"), std::string::npos);
}

TEST(KeptSecrets, ASecretStaysUnderItsKey) {
  const auto hive = [](std::string_view connection, std::string_view server = "h") {
    return R"({"provider":"hive","table":"t","connection":{"server":")" + std::string(server) + "\"," +
           std::string(connection) + "}}";
  };
  const std::string two = hive(R"("password":"hunter2","session":{"fs.key":"sesame","tez.queue.name":"q"})");
  EXPECT_EQ(kept(hive(R"("session":{"tez.queue.name":"q","fs.key":"********"},"password":"********")"), two),
            hive(R"("session":{"tez.queue.name":"q","fs.key":"sesame"},"password":"hunter2")"));
  for (const std::string& asked : {
           hive(R"("password":"********")"),
           hive(R"("session":{"fs.key":"********","tez.queue.name":"q"})"),
           hive(R"("password":"********","session":{"FS.key":"********","tez.queue.name":"q"})"),
           hive(R"("password":"********","session":{"password":"********","tez.queue.name":"q"})"),
           hive(R"("password":"********","session":{"fs.key":"********","tez.queue.name":"r"})"),
           hive(R"("password":"********","session":{"fs.key":"********"})"),
           hive(R"("password":"********","session":{"fs.key":"********","tez.queue.name":"q"})", "evil"),
       }) {
    const std::string answer = kept(asked, two);
    EXPECT_NE(answer.find("again."), std::string::npos) << asked << answer;
    EXPECT_EQ(answer.find("hunter2"), std::string::npos) << asked;
    EXPECT_EQ(answer.find("sesame"), std::string::npos) << asked;
  }
}

TEST(KeptSecrets, ANewSecretBesideAKeptOneIsNotComparedWithTheStoredOne) {
  const auto hive = [](std::string_view password, std::string_view key) {
    return R"({"provider":"hive","table":"t","connection":{"server":"h","password":")" + std::string(password) +
           R"(","session":{"fs.key":")" + std::string(key) + R"("}}})";
  };
  const std::string right = kept(hive("hunter2", "********"), hive("hunter2", "sesame"));
  const std::string wrong = kept(hive("hunter3", "********"), hive("hunter2", "sesame"));
  EXPECT_EQ(right, wrong);
  EXPECT_NE(right.find("is given anew"), std::string::npos) << right;
}

TEST(KeptSecrets, SecretParametersBesideTheConnectionAreKeptWithIt) {
  const auto vault = [](std::string_view server, std::string_view secret) {
    return R"({"provider":"vault","table":"t","connection":{"server":")" + std::string(server) + R"(","password":")" +
           std::string(secret) + R"("},"unlock":")" + std::string(secret) + R"("})";
  };
  EXPECT_EQ(kept(vault("v", "********"), vault("v", "s3")), vault("v", "s3"));
  EXPECT_NE(kept(vault("w", "********"), vault("v", "s3")).find("differs in \"connection.server\""), std::string::npos);
}

TEST(KeptSecrets, WhereNothingIsStoredThereIsNothingToKeep) {
  const std::string mask = mysql(R"("password":"********")");
  for (const std::string& nothing :
       {mysql(R"("port":3306)"), mask, std::string(R"({"provider":"mysql","table":"t","connection":"shop"})")}) {
    EXPECT_NE(kept(mask, nothing).find("No secret of this role is stored under this key."), std::string::npos)
        << nothing;
  }
}

TEST(KeptSecrets, ARequestWithoutMasksStaysAsItIs) {
  for (const std::string& asked : {mysql(R"("password":"new")"), mysql(R"("port":1)"), mysql(R"("password":"")")}) {
    EXPECT_EQ(kept(asked, before), asked);
  }
}

TEST(KeptSecrets, AMaskIsRefusedWhereThereIsNoStoredRequest) {
  EXPECT_NO_THROW(refuse_masks(stored(before)));
  EXPECT_NO_THROW(refuse_masks(stored(R"({"provider":"mysql","table":"********","connection":{"server":"db"}})")));
  try {
    refuse_masks(stored(R"({"provider":"mysql","connection":{"PassWord":"********"}})"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.message(), "\"connection.password\" is the mask of a secret, not the secret");
    EXPECT_EQ(error.number(), ErrorNumber::invalid_parameters);
    EXPECT_FALSE(error.hint().empty());
  }
}

TEST(KeptSecrets, StaySmallEnoughToBeStored) {
  // It is as long as it may be: [[6,"s…"]]. In the new request the number of its place has more digits.
  const std::string secret(max_secret_bytes - 8, 's');
  std::string columns;
  for (int i = 0; i < 1000; ++i) columns += (i == 0 ? "\"c" : ",\"c") + std::to_string(i) + '"';
  const std::string late = R"({"provider":"mysql","table":"t","columns":[)" + columns +
                           R"(],"connection":{"server":"db","username":"u","password":"********"}})";
  EXPECT_THROW(keep_secrets({stored(late), parse_connector(late, RequestKind::sync, testing::fake_registry())},
                            {stored(mysql("\"password\":\"" + secret + '"')),
                             parse_connector(mysql("\"password\":\"" + secret + '"'), RequestKind::sync,
                                             testing::fake_registry())},
                            testing::fake_registry().find("mysql")->info()),
               Error);
}

}  // namespace
}  // namespace connector::core
