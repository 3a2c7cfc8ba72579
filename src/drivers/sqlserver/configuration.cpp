#include "drivers/sqlserver/configuration.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

#include "core/base/error.hpp"
#include "core/base/utf8.hpp"

namespace connector::sqlserver {

namespace {

core::Error file_error(const std::string& message) {
  return core::Error(core::ErrorNumber::cannot_connect, message + ": " + std::strerror(errno),
                     "Provider sqlserver, phase connect.",
                     "The account that the database server runs as must be able to read certificates, and to write "
                     "into the folder for temporary files.");
}

const char* encryption(TlsMode mode) {
  switch (mode) {
    case TlsMode::disable:
      return "off";
    case TlsMode::prefer:
      return "request";
    default:
      return "require";
  }
}

/// An absolute path: the link to it stands elsewhere.
std::string absolute_path(const std::string& path) {
  std::error_code error;
  const std::filesystem::path result = std::filesystem::absolute(path, error);
  return error ? path : result.string();
}

}  // namespace

std::string configuration_text(const Login& login, int port, const std::string& root_certificate) {
  std::string text = "[" + login.server + "]\n";
  const auto add = [&text](std::string_view name, std::string_view value) {
    text += '\t';
    text += name;
    text += " = ";
    text += value;
    text += '\n';
  };
  add("host", login.server);
  add("port", std::to_string(port));
  add("tds version", login.tds_version);
  add("client charset", "UTF-8");
  add("encryption", encryption(login.tls_mode));
  if (login.tls_mode >= TlsMode::verify_ca) {
    add("ca file", root_certificate.empty() ? "system" : root_certificate);
    add("check certificate hostname", login.tls_mode == TlsMode::verify_full ? "yes" : "no");
  }
  return text;
}

Configuration::Configuration(const Login& login, int port) {
  if (!login.root_certificate.empty() && access(login.root_certificate.c_str(), R_OK) != 0) {
    throw file_error("sslrootcert: could not read file " + core::quoted(login.root_certificate));
  }
  std::error_code error;
  std::string folder = std::filesystem::temp_directory_path(error).string();
  if (error) folder = "/tmp";
  folder += "/connector." + std::to_string(getpid()) + ".XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) throw file_error("could not make a folder " + core::quoted(folder));
  folder_ = folder;
  try {
    if (!login.root_certificate.empty()) {
      certificate_ = folder_ + "/ca.pem";
      if (symlink(absolute_path(login.root_certificate).c_str(), certificate_.c_str()) != 0) {
        throw file_error("could not make a link " + core::quoted(certificate_));
      }
    }
    file_ = folder_ + "/freetds.conf";
    const std::string text = configuration_text(login, port, certificate_);
    const int file = open(file_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) throw file_error("could not write file " + core::quoted(file_));
    const ssize_t written = write(file, text.data(), text.size());
    close(file);
    if (written != static_cast<ssize_t>(text.size())) throw file_error("could not write file " + core::quoted(file_));
  } catch (...) {
    remove();
    throw;
  }
}

Configuration::~Configuration() {
  remove();
}

void Configuration::remove() noexcept {
  if (!file_.empty()) unlink(file_.c_str());
  if (!certificate_.empty()) unlink(certificate_.c_str());
  rmdir(folder_.c_str());
}

}  // namespace connector::sqlserver
