#include "drivers/odbc/connection_string.hpp"

#include <gtest/gtest.h>

#include "core/base/error.hpp"
#include "drivers/odbc/handles.hpp"

namespace connector::odbc {
namespace {

using Options = core::ConnectionOptions;

/// What the options become with a driver that has this library.
std::string written(const Options& options, std::string_view library = "libmsodbcsql-18.so") {
  return connection_string(options, known_driver(library));
}

/// The message of the Error that writing them throws; empty = none.
std::string refusal(const Options& options, std::string_view library = "libmsodbcsql-18.so") {
  try {
    written(options, library);
    return {};
  } catch (const core::Error& error) {
    EXPECT_EQ(error.number(), core::ErrorNumber::invalid_parameters);
    return error.message();
  }
}

std::string refusal_of_driver(const Options& options) {
  SQLHANDLE handle = SQL_NULL_HANDLE;
  SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &handle);
  const Environment environment(handle);
  // An attribute is a number in the place of a pointer.
  SQLSetEnvAttr(handle, SQL_ATTR_ODBC_VERSION, reinterpret_cast<SQLPOINTER>(SQL_OV_ODBC3_80), 0);
  try {
    check_driver_options(options, handle);
    return {};
  } catch (const core::Error& error) {
    EXPECT_EQ(error.number(), core::ErrorNumber::invalid_parameters);
    return error.message();
  }
}

TEST(OdbcConnectionString, KeysBecomeAttributes) {
  EXPECT_EQ(written({{"driver", "My Driver"},
                     {"server", "db1"},
                     {"port", "1433"},
                     {"database", "sales"},
                     {"username", "etl"},
                     {"password", "x"},
                     {"connect_timeout", "5"},
                     {"httppath", "/a/b"}}),
            "DRIVER={My Driver};Database=sales;httppath=/a/b;PWD=x;Port=1433;Server=db1;UID=etl;");
  EXPECT_EQ(written({{"dsn", "warehouse"}, {"username", "etl"}}), "DSN=warehouse;UID=etl;");
}

TEST(OdbcConnectionString, ValuesCanNotBecomeAttributes) {
  EXPECT_EQ(written({{"driver", "D"}, {"password", "a;SERVER=evil"}}), "DRIVER={D};PWD={a;SERVER=evil};");
  EXPECT_EQ(written({{"driver", "D"}, {"password", "a};SERVER=evil;x={"}}), "DRIVER={D};PWD={a}};SERVER=evil;x={};");
  EXPECT_EQ(written({{"driver", "D"}, {"x", " a "}}), "DRIVER={D};x={ a };");
  EXPECT_EQ(written({{"driver", "D"}, {"x", ""}}), "DRIVER={D};x={};");
  EXPECT_EQ(refusal({{"driver", "D"}, {"x", std::string("a\0b", 3)}}), "the value of \"x\" has a NUL character");
}

TEST(OdbcConnectionString, DriversThatKeepBraces) {
  const std::string refused = "the value of \"server\" can't be told to this driver";
  for (const char* value : {"a;b", "a}b", "a{b", " a", "a "}) {
    EXPECT_EQ(refusal({{"driver", "D"}, {"server", value}}, "psqlodbcw.so"), refused) << value;
    EXPECT_EQ(refusal({{"driver", "D"}, {"server", value}}, "libsqlite3odbc.so"), refused) << value;
    EXPECT_EQ(refusal({{"driver", "D"}, {"server", value}}), "") << value;
  }
  EXPECT_NE(written({{"driver", "D"}, {"password", "a;}b"}}, "psqlodbca.so").find(";PWD={a;}}b};"), std::string::npos);
  EXPECT_NE(written({{"driver", "D"}, {"database", "/my file.db"}}, "libsqlite3odbc.so").find(";Database=/my file.db;"),
            std::string::npos);
}

TEST(OdbcConnectionString, ADriverThatDoublesNoBraces) {
  EXPECT_NE(written({{"driver", "D"}, {"password", "a;{b"}}, "libtdsodbc.so").find(";PWD={a;{b};"), std::string::npos);
  for (const char* value : {"a}", "a}b", "a};b"}) {
    EXPECT_EQ(refusal({{"driver", "D"}, {"password", value}}, "libtdsodbc.so"),
              "the value of \"password\" can't be told to this driver");
  }
}

TEST(OdbcConnectionString, ADriverThatKnowsBracesOfItsOwnAttributes) {
  EXPECT_NE(written({{"driver", "D"}, {"password", "a;}b"}}, "libmaodbc.so").find(";PWD={a;}}b};"), std::string::npos);
  EXPECT_EQ(refusal({{"driver", "D"}, {"token", "a;SERVER=evil"}}, "libmaodbc.so"),
            "the value of \"token\" can't be told to this driver");
}

TEST(OdbcConnectionString, OfAnUnknownDriverNothingIsBelieved) {
  for (const char* value : {"a;b", "a}b", "a{b", " a", "a "}) {
    EXPECT_EQ(refusal({{"driver", "D"}, {"password", value}}, "libnew.so"),
              "the value of \"password\" can't be told to this driver")
        << value;
  }
  EXPECT_EQ(written({{"driver", "D"}, {"x", "a b+c=d"}}, "libnew.so"), "DRIVER={D};x=a b+c=d;");
}

TEST(OdbcConnectionString, NamesOfAttributes) {
  for (const char* name : {"a;b", "a=b", "{a", " a", "a ", "", "\xc3\xa4", "A"}) {
    EXPECT_NE(refusal({{"driver", "D"}, {name, "x"}}).find("is no name of an attribute"), std::string::npos) << name;
  }
  for (const char* name : {"filedsn", "savefile"}) {
    EXPECT_NE(refusal({{"driver", "D"}, {name, "x"}}).find("is not allowed"), std::string::npos) << name;
  }
  for (const char* name : {"uid", "pwd"}) {
    EXPECT_NE(refusal({{"driver", "D"}, {name, "x"}}).find("has a key of its own"), std::string::npos) << name;
  }
  EXPECT_EQ(refusal({{"driver", "D"}, {"ssl ca-file_1.x", "x"}}), "");
}

TEST(OdbcConnectionString, DefaultsOfADriverGiveWay) {
  const std::string all = written({{"driver", "D"}}, "/usr/lib/odbc/psqlodbcw.so");
  EXPECT_NE(all.find(";UseDeclareFetch=1;"), std::string::npos);
  EXPECT_NE(all.find(";CommLog=0;"), std::string::npos);
  const std::string own = written({{"driver", "D"}, {"usedeclarefetch", "0"}}, "/usr/lib/odbc/psqlodbcw.so");
  EXPECT_EQ(own.find("UseDeclareFetch=1"), std::string::npos);
  EXPECT_NE(own.find("usedeclarefetch=0;"), std::string::npos);
}

TEST(OdbcConnectionString, DriverOrDataSource) {
  EXPECT_EQ(refusal_of_driver({}), "the connection has neither \"driver\" nor \"dsn\"");
  EXPECT_EQ(refusal_of_driver({{"driver", "a"}, {"dsn", "b"}}), "the connection has both \"driver\" and \"dsn\"");
  for (const char* name : {"/tmp/x.so", "..\\x", "a}b", "a{b", "a;b", "a=b", "[a]"}) {
    EXPECT_EQ(refusal_of_driver({{"driver", name}}), "key \"driver\" of the connection is no name") << name;
    EXPECT_EQ(refusal_of_driver({{"dsn", name}}), "key \"dsn\" of the connection is no name") << name;
  }
  EXPECT_EQ(refusal_of_driver({{"driver", "no such driver"}}), "there is no driver \"no such driver\" in odbcinst.ini");
  EXPECT_EQ(refusal_of_driver({{"dsn", "anything"}}), "");
}

}  // namespace
}  // namespace connector::odbc
