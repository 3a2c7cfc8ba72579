#include "drivers/hive/kerberos.hpp"

#include <sasl/sasl.h>

#include <array>

#include "core/base/utf8.hpp"

namespace connector::hive {

namespace {

using Kind = Failure::Kind;

/// The largest wrapped message that is taken: a number of three bytes in the mechanism's last step.
constexpr unsigned max_buffer = 0xffffff;
constexpr unsigned max_strength = 256;

/// The library keeps functions of all kinds as one type.
using Callback = int (*)();
template <typename Function>
Callback callback(Function* function) {
  return reinterpret_cast<Callback>(reinterpret_cast<void*>(function));
}

/// On whose behalf to act: nobody's but the ticket's. HiveServer2 would compare another name with the whole principal.
int answer_with_nothing(void*, int, const char** result, unsigned* length) {
  *result = "";
  if (length != nullptr) *length = 0;
  return SASL_OK;
}

/// The library would write to the system's log.
int ignore_log(void*, int, const char*) {
  return SASL_OK;
}

void initialize_library() {
  static const std::array<sasl_callback_t, 2> callbacks{{
      {SASL_CB_LOG, callback(&ignore_log), nullptr},
      {SASL_CB_LIST_END, nullptr, nullptr},
  }};
  static const int result = sasl_client_init(callbacks.data());
  if (result != SASL_OK) {
    throw Failure(Kind::denied, std::string("Cyrus SASL can't be used: ") + sasl_errstring(result, nullptr, nullptr));
  }
}

class KerberosMechanism final : public SaslMechanism {
 public:
  explicit KerberosMechanism(const Login& login)
      : callbacks_{{
            {SASL_CB_USER, callback(&answer_with_nothing), nullptr},
            {SASL_CB_AUTHNAME, callback(&answer_with_nothing), nullptr},
            {SASL_CB_LIST_END, nullptr, nullptr},
        }} {
    initialize_library();
    const int result = sasl_client_new(login.kerberos_service_name.c_str(), login.server.c_str(), nullptr, nullptr,
                                       callbacks_.data(), 0, &connection_);
    if (result != SASL_OK) throw denied(result);
    const sasl_security_properties_t properties{.min_ssf = 0,
                                                .max_ssf = max_strength,
                                                .maxbufsize = max_buffer,
                                                .security_flags = 0,
                                                .property_names = nullptr,
                                                .property_values = nullptr};
    sasl_setprop(connection_, SASL_SEC_PROPS, &properties);
  }
  ~KerberosMechanism() override { sasl_dispose(&connection_); }
  KerberosMechanism(const KerberosMechanism&) = delete;
  KerberosMechanism& operator=(const KerberosMechanism&) = delete;

  std::string_view name() const noexcept override { return "GSSAPI"; }

  std::string first() override {
    const char* output = nullptr;
    unsigned size = 0;
    const char* chosen = nullptr;
    const int result = sasl_client_start(connection_, "GSSAPI", nullptr, &output, &size, &chosen);
    return said(result, output, size);
  }

  std::string step(std::string_view challenge) override {
    const char* output = nullptr;
    unsigned size = 0;
    const int result = sasl_client_step(connection_, challenge.data(), static_cast<unsigned>(challenge.size()), nullptr,
                                        &output, &size);
    return said(result, output, size);
  }

  void finish() override {
    if (!complete_) throw Failure(Kind::denied, "the server did not prove its identity");
    const void* strength = nullptr;
    if (sasl_getprop(connection_, SASL_SSF, &strength) == SASL_OK && strength != nullptr) {
      wraps_ = *static_cast<const sasl_ssf_t*>(strength) > 0;
    }
  }

  bool wraps() const noexcept override { return wraps_; }

  std::string wrap(std::string_view message) override {
    // The library takes as much at a time as the server can.
    std::string frames;
    const void* limit = nullptr;
    sasl_getprop(connection_, SASL_MAXOUTBUF, &limit);
    const std::size_t most = limit != nullptr ? *static_cast<const unsigned*>(limit) : 0;
    while (!message.empty()) {
      const std::string_view part = most > 0 ? message.substr(0, most) : message;
      const char* output = nullptr;
      unsigned size = 0;
      const int result = sasl_encode(connection_, part.data(), static_cast<unsigned>(part.size()), &output, &size);
      if (result != SASL_OK) throw Failure(Kind::lost, "could not wrap a message: " + detail(result));
      frames.append(output, size);
      message.remove_prefix(part.size());
    }
    return frames;
  }

  std::string unwrap(std::string_view frame) override {
    const char* output = nullptr;
    unsigned size = 0;
    const int result = sasl_decode(connection_, frame.data(), static_cast<unsigned>(frame.size()), &output, &size);
    if (result != SASL_OK) throw Failure(Kind::malformed, "could not unwrap a message: " + detail(result));
    return std::string(output, size);
  }

 private:
  std::string said(int result, const char* output, unsigned size) {
    if (result != SASL_OK && result != SASL_CONTINUE) throw denied(result);
    complete_ = result == SASL_OK;
    return output == nullptr ? std::string() : std::string(output, size);
  }

  std::string detail(int result) const {
    const char* text = connection_ != nullptr ? sasl_errdetail(connection_) : nullptr;
    return core::shown_text(text != nullptr ? text : sasl_errstring(result, nullptr, nullptr), 1000);
  }

  Failure denied(int result) const {
    return {Kind::denied, detail(result),
            result == SASL_NOMECH
                ? "The plug-in of Cyrus SASL for GSSAPI is missing: Debian's libsasl2-modules-gssapi-mit has it."
                : "The account that PostgreSQL runs as needs a ticket, from kinit or a keytab (KRB5CCNAME, "
                  "KRB5_CLIENT_KTNAME); \"server\" and kerberos_service_name make up the server's principal."};
  }

  std::array<sasl_callback_t, 3> callbacks_;
  sasl_conn_t* connection_ = nullptr;
  bool complete_ = false;
  bool wraps_ = false;
};

}  // namespace

std::unique_ptr<SaslMechanism> new_kerberos_mechanism(const Login& login) {
  return std::make_unique<KerberosMechanism>(login);
}

}  // namespace connector::hive
