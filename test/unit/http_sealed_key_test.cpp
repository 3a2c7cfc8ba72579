#include <gtest/gtest.h>

#include "http/keys/sealed_key.hpp"
#include "http/keys/secret_bytes.hpp"

namespace connector::http {
namespace {

TEST(SealedKeyTest, TextAndBack) {
  const IssuedKey key = new_issued_key();
  const std::string text = key_text(key);
  EXPECT_EQ(text.size(), 67U);
  const std::optional<IssuedKey> read = read_key_text(text);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->id, key.id);
  EXPECT_EQ(read->secret, key.secret);
  EXPECT_NE(key_text(new_issued_key()), text);
}

TEST(SealedKeyTest, OtherTextsAreNoKeys) {
  const std::string text = "ck_" + std::string(64, 'A');
  EXPECT_TRUE(read_key_text(text));
  EXPECT_FALSE(read_key_text(""));
  EXPECT_FALSE(read_key_text("ck_"));
  EXPECT_FALSE(read_key_text(text.substr(0, 66)));
  EXPECT_FALSE(read_key_text(text + "A"));
  EXPECT_FALSE(read_key_text("CK_" + std::string(64, 'A')));
  EXPECT_FALSE(read_key_text("ck_" + std::string(63, 'A') + "="));
  EXPECT_FALSE(read_key_text("ck_" + std::string(63, 'A') + "+"));
  EXPECT_FALSE(read_key_text("ck_" + std::string(63, 'A') + "/"));
  EXPECT_FALSE(read_key_text("ck_" + std::string(63, 'A') + "\xc3"));
  EXPECT_TRUE(read_key_text("ck_" + std::string(62, 'A') + "-_"));
}

TEST(SealedKeyTest, TheIdIsAUuidOfVersion4) {
  for (int i = 0; i < 100; ++i) {
    const std::string text = uuid_text(new_issued_key().id);
    ASSERT_EQ(text.size(), 36U);
    EXPECT_EQ(text[14], '4');
    EXPECT_NE(std::string("89ab").find(text[19]), std::string::npos);
  }
  EXPECT_EQ(uuid_text(std::string("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\xff", 16)),
            "00010203-0405-0607-0809-0a0b0c0d0eff");
}

TEST(SealedKeyTest, APasswordIsOpenedByItsKeyAlone) {
  const IssuedKey key = new_issued_key();
  for (const std::size_t length : {1U, 61U, 62U, 63U, 1000U}) {
    const std::string password(length, 'x');
    const std::string sealed = sealed_password(key, password);
    EXPECT_EQ(sealed.find("xxxx"), std::string::npos);
    EXPECT_EQ(opened_password(key, sealed), password);
    EXPECT_FALSE(opened_password(new_issued_key(), sealed));
    EXPECT_FALSE(opened_password(IssuedKey(key.id, new_issued_key().secret), sealed));
    EXPECT_FALSE(opened_password(IssuedKey(new_issued_key().id, key.secret), sealed));
  }
}

TEST(SealedKeyTest, EachSealIsAnother) {
  const IssuedKey key = new_issued_key();
  EXPECT_NE(sealed_password(key, "secret"), sealed_password(key, "secret"));
}

TEST(SealedKeyTest, TheLengthDoesNotTellTheLengthOfThePassword) {
  const IssuedKey key = new_issued_key();
  EXPECT_EQ(sealed_password(key, "a").size(), sealed_password(key, std::string(62, 'a')).size());
}

TEST(SealedKeyTest, WhatWasChangedIsNotOpened) {
  const IssuedKey key = new_issued_key();
  const std::string sealed = sealed_password(key, "secret");
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(opened_password(key, changed)) << i;
    EXPECT_FALSE(opened_password(key, sealed.substr(0, i))) << i;
  }
  EXPECT_FALSE(opened_password(key, sealed + '\0'));
  EXPECT_FALSE(opened_password(key, std::string(1'000'000, '\1')));
}

TEST(SealedKeyTest, TheHashIsOfTheSecret) {
  const IssuedKey key = new_issued_key();
  const std::string hash = secret_hash(key);
  EXPECT_EQ(hash.size(), 32U);
  EXPECT_TRUE(has_secret(key, hash));
  EXPECT_FALSE(has_secret(new_issued_key(), hash));
  EXPECT_FALSE(has_secret(key, ""));
  EXPECT_FALSE(has_secret(key, hash.substr(1)));
}

TEST(SealedKeyTest, WipedTextsAreEmpty) {
  std::string text = "secret";
  wipe(text);
  EXPECT_TRUE(text.empty());
}

}  // namespace
}  // namespace connector::http
