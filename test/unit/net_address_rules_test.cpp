#include "core/net/address_rules.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include "core/base/error.hpp"

namespace connector::core {
namespace {

Address address(const char* text) {
  Address result;
  result.family = std::string_view(text).find(':') == std::string_view::npos ? AF_INET : AF_INET6;
  EXPECT_EQ(inet_pton(result.family, text, result.bytes), 1) << text;
  return result;
}

bool allowed(std::string_view hosts, const char* dialled, std::string_view server = "db", bool trusted = false) {
  try {
    AddressRules(hosts, trusted).check(server, address(dialled));
    return true;
  } catch (const Error& error) {
    EXPECT_EQ(error.number(), ErrorNumber::cannot_connect);
    EXPECT_NE((error.detail() + error.hint()).find("connector.allow"), std::string::npos);
    return false;
  }
}

TEST(Address, HasANumericText) {
  EXPECT_EQ(address("192.0.2.7").text(), "192.0.2.7");
  EXPECT_EQ(address("2001:DB8:0:0::1").text(), "2001:db8::1");
  Address scoped = address("fe80::1");
  scoped.scope_id = 987654;  // no such interface
  EXPECT_EQ(scoped.text(), "fe80::1%987654");
}

TEST(AddressRules, AnEmptyListAllowsOrdinaryAddresses) {
  for (const char* hosts : {"", "  "}) {
    EXPECT_TRUE(allowed(hosts, "192.0.2.1"));
    EXPECT_TRUE(allowed(hosts, "10.0.0.1"));
    EXPECT_TRUE(allowed(hosts, "2001:db8::1"));
    EXPECT_TRUE(allowed(hosts, "::ffff:192.0.2.1"));
  }
}

TEST(AddressRules, AnAddressInsideAnotherIsJudgedToo) {
  for (const char* dialled : {"64:ff9b::127.0.0.1", "64:ff9b::169.254.169.254", "2002:7f00:1::1", "2002:a9fe:a9fe::"}) {
    EXPECT_FALSE(allowed("", dialled)) << dialled;
  }
  EXPECT_TRUE(allowed("", "64:ff9b::192.0.2.1"));
  EXPECT_TRUE(allowed("", "2002:c000:201::1"));
}

TEST(AddressRules, ThisMachineMustBeListed) {
  for (const char* dialled : {"127.0.0.1", "127.255.0.1", "0.0.0.0", "0.1.2.3", "::1", "::", "::7f00:1",
                              "::ffff:127.0.0.1", "::ffff:0.0.0.0"}) {
    EXPECT_FALSE(allowed("", dialled)) << dialled;
    EXPECT_FALSE(allowed("192.0.2.0/24", dialled)) << dialled;
    EXPECT_TRUE(allowed("", dialled, "db", true)) << dialled;
    EXPECT_FALSE(allowed("192.0.2.0/24", dialled, "db", true)) << dialled << ": a list binds everybody";
    EXPECT_TRUE(allowed("DB", dialled)) << dialled;
  }
  EXPECT_TRUE(allowed("127.0.0.1", "127.0.0.1"));
  EXPECT_TRUE(allowed("127.0.0.1", "::ffff:127.0.0.1"));
  EXPECT_FALSE(allowed("127.0.0.1", "127.0.0.2"));
  EXPECT_TRUE(allowed("127.0.0.0/8", "127.0.0.2"));
  EXPECT_TRUE(allowed("localhost", "127.0.0.1", "LOCALHOST."));
  EXPECT_FALSE(allowed("localhost", "127.0.0.1", "other"));
}

TEST(AddressRules, LinkLocalIsForSuperusersOnlyEvenIfListed) {
  for (const char* dialled : {"169.254.169.254", "fe80::1", "febf::1", "::ffff:169.254.169.254"}) {
    EXPECT_FALSE(allowed("", dialled)) << dialled;
    EXPECT_FALSE(allowed("169.254.0.0/16, fe80::/10, db", dialled)) << dialled;
    EXPECT_TRUE(allowed("", dialled, "db", true)) << dialled;
  }
  EXPECT_TRUE(allowed("", "169.253.1.1"));
  EXPECT_TRUE(allowed("", "fec0::1"));
}

TEST(AddressRules, AListHoldsForEveryone) {
  EXPECT_FALSE(allowed("192.0.2.0/24", "198.51.100.1"));
  EXPECT_FALSE(allowed("192.0.2.0/24", "198.51.100.1", "db", true));
  EXPECT_TRUE(allowed("192.0.2.0/24", "192.0.2.200"));
  EXPECT_TRUE(allowed("DB.Example.com", "198.51.100.1", "db.example.COM."));
  EXPECT_FALSE(allowed("db.example.com", "198.51.100.1", "example.com"));
}

TEST(AddressRules, RangesEndAtTheirBit) {
  EXPECT_TRUE(allowed("10.1.2.3/9", "10.127.255.255"));
  EXPECT_FALSE(allowed("10.1.2.3/9", "10.128.0.0"));
  EXPECT_TRUE(allowed("10.1.2.3/32", "10.1.2.3"));
  EXPECT_FALSE(allowed("10.1.2.3/31", "10.1.2.4"));
  EXPECT_TRUE(allowed("0.0.0.0/0", "203.0.113.9"));
  EXPECT_FALSE(allowed("0.0.0.0/0", "2001:db8::1"));
  EXPECT_TRUE(allowed("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(allowed("2001:db8::/33", "2001:db8:8000::1"));
  EXPECT_TRUE(allowed("::/0", "2001:db8::1"));
  EXPECT_FALSE(allowed("::/0", "192.0.2.1"));
  EXPECT_TRUE(allowed(" a , [2001:db8::5] ,10.0.0.0/8", "2001:db8::5"));
}

TEST(AddressRules, MappedAddressesAreTheIpv4AddressTheyHold) {
  EXPECT_TRUE(allowed("10.0.0.0/8", "::ffff:10.9.9.9"));
  EXPECT_TRUE(allowed("::ffff:10.0.0.0/104", "10.9.9.9"));
  EXPECT_FALSE(allowed("::ffff:10.0.0.0/104", "11.9.9.9"));
  EXPECT_TRUE(allowed("::ffff:10.0.0.1", "10.0.0.1"));
}

std::string refusal(const char* hosts, bool trusted, bool local_allowed, const char* dialled) {
  try {
    AddressRules(hosts, trusted, local_allowed).check("db", address(dialled));
  } catch (const Error& error) {
    return error.hint();
  }
  return "";
}

TEST(AddressRules, LocalAddressesMayBeAllowedWithoutAList) {
  for (const char* local : {"127.0.0.1", "127.9.9.9", "0.0.0.0", "::1", "::", "::ffff:127.0.0.1"}) {
    EXPECT_NE(refusal("", false, false, local).find("connector.allow_local_addresses"), std::string::npos) << local;
    EXPECT_EQ(refusal("", false, true, local), "") << local;
  }
  EXPECT_NE(refusal("", false, true, "169.254.1.1"), "");
  EXPECT_EQ(refusal("", false, true, "192.0.2.1"), "");
}

TEST(AddressRules, AListIsExhaustive) {
  for (const bool trusted : {false, true}) {
    for (const bool local_allowed : {false, true}) {
      for (const char* other : {"127.0.0.1", "192.0.2.1"}) {
        EXPECT_NE(refusal("10.0.0.0/8", trusted, local_allowed, other).find("connector.allowed_hosts is not empty"),
                  std::string::npos)
            << other;
      }
      EXPECT_EQ(refusal("127.0.0.1", trusted, local_allowed, "127.0.0.1"), "");
    }
  }
}

TEST(AddressRules, MalformedEntriesAreErrors) {
  for (const char* hosts : {",", "a,", "a,,b", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0.0/8x", "10.0.0.0/8/8",
                            "10.0.0", "10.0.0.256", "::1/129", "db/8", "*.example.com", "a b", "a:b", "[::1", "1:2"}) {
    try {
      const AddressRules rules(hosts, true);
      ADD_FAILURE() << hosts;
    } catch (const Error& error) {
      EXPECT_EQ(error.number(), ErrorNumber::invalid_parameters);
      EXPECT_EQ(error.message().find("invalid entry in connector.allowed_hosts: \""), 0u) << error.what();
    }
  }
}

TEST(AddressRules, ARefusalNamesServerAndAddress) {
  try {
    AddressRules("10.0.0.0/8", false).check("db.example.com", address("192.0.2.1"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "connection to server \"db.example.com\" (192.0.2.1) is not allowed");
    EXPECT_EQ(error.parameter(), "connection.server");
  }
}

TEST(Address, IsReadFromNumbers) {
  for (const char* text : {"192.0.2.1", "2001:db8::1", "fe80::1%7777", "::ffff:10.0.0.1"}) {
    const auto address = parse_address(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->text(), text);
  }
  EXPECT_EQ(parse_address("[2001:db8::1]")->text(), "2001:db8::1");
  for (const char* text : {"", "[]", "db", "10.1", "1.2.3.4.5", "[::1", "::1]", "::1%", "fe80::1%no-such-interface"}) {
    EXPECT_FALSE(parse_address(text)) << text;
  }
}

TEST(Address, InTheFormOfASocket) {
  sockaddr_storage storage;
  EXPECT_EQ(parse_address("192.0.2.1")->socket_address(80, storage), sizeof(sockaddr_in));
  const auto& old = reinterpret_cast<const sockaddr_in&>(storage);
  EXPECT_EQ(old.sin_family, AF_INET);
  EXPECT_EQ(ntohs(old.sin_port), 80);
  EXPECT_EQ(ntohl(old.sin_addr.s_addr), 0xc0000201u);
  EXPECT_EQ(parse_address("fe80::1%7777")->socket_address(81, storage), sizeof(sockaddr_in6));
  const auto& long_one = reinterpret_cast<const sockaddr_in6&>(storage);
  EXPECT_EQ(long_one.sin6_family, AF_INET6);
  EXPECT_EQ(ntohs(long_one.sin6_port), 81);
  EXPECT_EQ(long_one.sin6_scope_id, 7777u);
  EXPECT_EQ(long_one.sin6_addr.s6_addr[15], 1);
}

TEST(AddressRules, AnEntryHasNoInterface) {
  EXPECT_THROW(AddressRules("fe80::1%7777", false), Error);
}

}  // namespace
}  // namespace connector::core
