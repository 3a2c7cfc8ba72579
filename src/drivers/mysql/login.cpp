#include "drivers/mysql/login.hpp"

namespace connector::mysql {

Login read_login(const core::ConnectRequest& request) {
  Login login;
  core::read_login_options(request, "mysql", core::RootCertificateRule::none, login);
  login.compression = core::option(request.options, "compression") == "true";
  return login;
}

}  // namespace connector::mysql
