#include "drivers/odbc/provider.hpp"

#include <array>
#include <memory>

#include "drivers/odbc/connection.hpp"
#include "drivers/odbc/info.hpp"
#include "drivers/odbc/session.hpp"

namespace connector::odbc {

namespace {

/// "unixODBC 2.3.11": the driver manager tells it of itself, without a connection that is open.
std::string manager_version() {
  SQLHANDLE handle = SQL_NULL_HANDLE;
  if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &handle))) return "unixODBC";
  const Environment environment(handle);
  std::array<SQLCHAR, 64> version{};
  // What unixODBC has beside the attributes of the standard (sqlext.h).
  if (!SQL_SUCCEEDED(SQLGetEnvAttr(handle, SQL_ATTR_UNIXODBC_VERSION, version.data(),
                                   static_cast<SQLINTEGER>(version.size() - 1), nullptr))) {
    return "unixODBC";
  }
  return "unixODBC " + std::string(reinterpret_cast<const char*>(version.data()));
}

class OdbcProvider final : public core::Provider {
 public:
  const core::ProviderInfo& info() const noexcept override { return odbc::info(); }
  std::string library_version() const override { return manager_version(); }

  std::unique_ptr<core::Connection> connect(const core::ConnectRequest& request) const override {
    return std::make_unique<OdbcConnection>(std::make_unique<Session>(request));
  }
};

}  // namespace

const core::Provider& provider() {
  static const OdbcProvider instance;
  return instance;
}

}  // namespace connector::odbc
