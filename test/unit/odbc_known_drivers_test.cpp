#include "drivers/odbc/known_drivers.hpp"

#include <gtest/gtest.h>

#include "drivers/odbc/read_traits.hpp"

namespace connector::odbc {
namespace {

TEST(OdbcKnownDrivers, AreFoundByTheirLibraries) {
  EXPECT_EQ(known_driver("psqlodbcw.so").library, "psqlodbc");
  EXPECT_EQ(known_driver("/usr/lib/x86_64-linux-gnu/odbc/libmaodbc.so").library, "maodbc");
  EXPECT_EQ(known_driver("libmyodbc9w.so").library, "myodbc");
  EXPECT_EQ(known_driver("sqlite3odbc.so").library, "sqlite3odbc");
  EXPECT_EQ(known_driver("libsqliteodbc.so").library, "");
  EXPECT_EQ(known_driver("/opt/microsoft/msodbcsql18/lib64/libmsodbcsql-18.6.so.1.1").library, "msodbcsql");
  EXPECT_EQ(known_driver("").library, "");
  EXPECT_EQ(known_driver("lib").library, "");
}

TEST(OdbcKnownDrivers, WhatIsKnown) {
  EXPECT_TRUE(known_driver("libmaodbc.so").buffers_results);
  EXPECT_TRUE(known_driver("libmaodbc.so").times_as_text);
  EXPECT_FALSE(known_driver("psqlodbcw.so").buffers_results);
  EXPECT_FALSE(known_driver("libsqlite3odbc.so").describes_prepared);
  EXPECT_EQ(known_driver("libnew.so").braces, Braces::kept);
  EXPECT_TRUE(known_driver("libnew.so").defaults.empty());
}

TEST(OdbcKnownDrivers, DatabasesByTheirNames) {
  EXPECT_EQ(database_of("PostgreSQL"), Database::postgres);
  EXPECT_EQ(database_of("MariaDB"), Database::mysql);
  EXPECT_EQ(database_of("MySQL"), Database::mysql);
  EXPECT_EQ(database_of("Microsoft SQL Server"), Database::sqlserver);
  EXPECT_EQ(database_of("SQLite"), Database::sqlite);
  EXPECT_EQ(database_of("Oracle"), Database::oracle);
  EXPECT_EQ(database_of("Snowflake"), Database::other);
  EXPECT_EQ(database_of(""), Database::other);
}

}  // namespace
}  // namespace connector::odbc
