#include "http/keys/sealed_key.hpp"

#include <openssl/evp.h>
#include <openssl/kdf.h>

#include <memory>
#include <stdexcept>

#include "http/keys/secret_bytes.hpp"
#include "http/message/base64.hpp"

namespace connector::http {

namespace {

constexpr std::string_view prefix = "ck_";
constexpr std::string_view info = "connector-http issued key, version 1";
constexpr char version = 1;
constexpr std::size_t id_bytes = 16;
constexpr std::size_t secret_bytes = 32;
constexpr std::size_t nonce_bytes = 12;
constexpr std::size_t tag_bytes = 16;
constexpr std::size_t key_bytes = 32;
constexpr std::size_t length_bytes = 2;   // before the password in what is sealed
constexpr std::size_t padded_bytes = 64;  // what is sealed is a multiple of it
constexpr std::size_t text_length = prefix.size() + (id_bytes + secret_bytes) / 3 * 4;

const unsigned char* bytes(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* bytes(std::string& text) noexcept {
  return reinterpret_cast<unsigned char*>(text.data());
}

void must(bool done) {
  if (!done) throw std::runtime_error("OpenSSL failed while it worked on an issued key");
}

/// A text of secrets, wiped at the end.
struct Wiped {
  std::string text;
  ~Wiped() { wipe(text); }
};

/// HKDF-SHA256 of the secret.
void derive(const IssuedKey& key, std::string& derived) {
  const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, nullptr),
                                                                            EVP_PKEY_CTX_free);
  derived.resize(key_bytes);
  std::size_t length = derived.size();
  must(context != nullptr && EVP_PKEY_derive_init(context.get()) == 1 &&
       EVP_PKEY_CTX_set_hkdf_md(context.get(), EVP_sha256()) == 1 &&
       EVP_PKEY_CTX_set1_hkdf_salt(context.get(), bytes(key.id), static_cast<int>(key.id.size())) == 1 &&
       EVP_PKEY_CTX_set1_hkdf_key(context.get(), bytes(key.secret), static_cast<int>(key.secret.size())) == 1 &&
       EVP_PKEY_CTX_add1_hkdf_info(context.get(), bytes(info), static_cast<int>(info.size())) == 1 &&
       EVP_PKEY_derive(context.get(), bytes(derived), &length) == 1 && length == key_bytes);
}

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

/// AES-256-GCM, ready for the text; version and id are the associated data.
Cipher cipher(const IssuedKey& key, std::string_view nonce, bool seal) {
  Wiped derived;
  derive(key, derived.text);
  Cipher context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  const std::string associated = version + key.id;
  int length = 0;
  must(context != nullptr &&
       EVP_CipherInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, bytes(derived.text), bytes(nonce), seal ? 1 : 0) ==
           1 &&
       EVP_CipherUpdate(context.get(), nullptr, &length, bytes(associated), static_cast<int>(associated.size())) == 1);
  return context;
}

}  // namespace

IssuedKey::~IssuedKey() {
  wipe(secret);
}

IssuedKey new_issued_key() {
  std::string id = random_bytes(id_bytes);
  id[6] = static_cast<char>((static_cast<unsigned char>(id[6]) & 0x0fU) | 0x40U);
  id[8] = static_cast<char>((static_cast<unsigned char>(id[8]) & 0x3fU) | 0x80U);
  return {std::move(id), random_bytes(secret_bytes)};
}

std::string key_text(const IssuedKey& key) {
  Wiped both{key.id + key.secret};
  return std::string(prefix) + base64url(both.text);
}

std::optional<IssuedKey> read_key_text(std::string_view text) {
  if (text.size() != text_length || !text.starts_with(prefix)) return std::nullopt;
  text.remove_prefix(prefix.size());
  if (text.find_first_of("+/=") != std::string_view::npos) return std::nullopt;
  std::optional<std::string> both = base64_decoded(text);
  if (!both) return std::nullopt;
  IssuedKey key(both->substr(0, id_bytes), both->substr(id_bytes));
  wipe(*both);
  return key;
}

std::string uuid_text(std::string_view id) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < id.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    const auto byte = static_cast<unsigned char>(id[i]);
    text += digits[byte >> 4U];
    text += digits[byte & 0x0fU];
  }
  return text;
}

std::string secret_hash(const IssuedKey& key) {
  return digest_of(key.secret);
}

bool has_secret(const IssuedKey& key, std::string_view hash) {
  return same_digest(secret_hash(key), hash);
}

std::string sealed_password(const IssuedKey& key, std::string_view password) {
  if (password.size() > 0xffff) throw std::runtime_error("a password that is too long to be sealed");
  Wiped plain;
  // Reserved at once, so that no copy of it stays behind.
  plain.text.reserve((length_bytes + password.size() + padded_bytes - 1) / padded_bytes * padded_bytes);
  plain.text += static_cast<char>(password.size() >> 8U);
  plain.text += static_cast<char>(password.size() & 0xffU);
  plain.text += password;
  plain.text.resize((plain.text.size() + padded_bytes - 1) / padded_bytes * padded_bytes);
  const std::string nonce = random_bytes(nonce_bytes);
  const Cipher context = cipher(key, nonce, true);
  std::string text(plain.text.size(), '\0');
  std::string tag(tag_bytes, '\0');
  int length = 0;
  int rest = 0;
  must(EVP_CipherUpdate(context.get(), bytes(text), &length, bytes(std::string_view(plain.text)),
                        static_cast<int>(plain.text.size())) == 1 &&
       length == static_cast<int>(text.size()) && EVP_CipherFinal_ex(context.get(), bytes(text) + length, &rest) == 1 &&
       rest == 0 &&
       EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, static_cast<int>(tag_bytes), tag.data()) == 1);
  return version + nonce + text + tag;
}

std::optional<std::string> opened_password(const IssuedKey& key, std::string_view sealed) {
  constexpr std::size_t around = 1 + nonce_bytes + tag_bytes;
  if (sealed.size() <= around || sealed.size() > around + 0x10000 + padded_bytes || sealed.front() != version) {
    return std::nullopt;
  }
  const std::string_view nonce = sealed.substr(1, nonce_bytes);
  const std::string_view text = sealed.substr(1 + nonce_bytes, sealed.size() - around);
  std::string tag(sealed.substr(sealed.size() - tag_bytes));
  const Cipher context = cipher(key, nonce, false);
  Wiped plain{std::string(text.size(), '\0')};
  int length = 0;
  int rest = 0;
  if (EVP_CipherUpdate(context.get(), bytes(plain.text), &length, bytes(text), static_cast<int>(text.size())) != 1 ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, static_cast<int>(tag_bytes), tag.data()) != 1 ||
      EVP_CipherFinal_ex(context.get(), bytes(plain.text) + length, &rest) != 1) {
    return std::nullopt;
  }
  const std::size_t size = static_cast<std::size_t>(static_cast<unsigned char>(plain.text[0])) << 8U |
                           static_cast<unsigned char>(plain.text[1]);
  if (plain.text.size() < length_bytes + size) return std::nullopt;
  return plain.text.substr(length_bytes, size);
}

}  // namespace connector::http
