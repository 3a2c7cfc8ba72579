// Issued keys: their text, and the row by which the database keeps one without being able to use it.
//
// A key is `ck_` and the base64url of 16 bytes of id and 32 bytes of secret. The row has the SHA-256 of the secret and
// the role's password, sealed by AES-256-GCM under a key that HKDF-SHA256 makes from the secret, with the id as salt
// and as associated data. So a stolen row opens nothing, and no row opens with the key of another. The role is not
// bound in: its row names it, PostgreSQL asks it for this very password, and then it must say that the key is its own;
// so a renamed or restored role keeps its keys.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace connector::http {

struct IssuedKey {
  std::string id;      ///< 16 bytes
  std::string secret;  ///< 32 bytes

  IssuedKey(std::string id, std::string secret) noexcept : id(std::move(id)), secret(std::move(secret)) {}
  IssuedKey(IssuedKey&&) noexcept = default;
  IssuedKey& operator=(IssuedKey&&) noexcept = default;
  ~IssuedKey();  // wipes the secret
};

/// By random bytes; the id is a uuid of version 4. Throws std::runtime_error if there are none.
IssuedKey new_issued_key();

/// `ck_…`, 67 characters.
std::string key_text(const IssuedKey& key);

/// The key of such a text; nothing for any other text, which may be a role's password.
std::optional<IssuedKey> read_key_text(std::string_view text);

/// The id as PostgreSQL writes a uuid.
std::string uuid_text(std::string_view id);

/// SHA-256 of the secret: what a row has of it.
std::string secret_hash(const IssuedKey& key);

/// Whether the row with this hash is the key's; takes the same time for any hash of 32 bytes.
bool has_secret(const IssuedKey& key, std::string_view hash);

/// The password for the row: a byte for the version, the nonce, the sealed password, whose length can't be told but to
/// 64 bytes, and the tag. Throws std::runtime_error if OpenSSL fails.
std::string sealed_password(const IssuedKey& key, std::string_view password);

/// The password in what sealed_password() made; nothing if it was made by another key, or changed.
std::optional<std::string> opened_password(const IssuedKey& key, std::string_view sealed);

}  // namespace connector::http
