// The program's side of a connection: does what the backend asks for, by a provider that runs here.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "core/remote/provider.hpp"
#include "reader/messages.hpp"
#include "reader/program/inbox.hpp"
#include "reader/program/program_wait.hpp"
#include "reader/program/slots.hpp"

namespace connector::reader {

class Server {
 public:
  /// `file`: the shared file, mapped.
  Server(const core::Provider& provider, int socket, char* file, Inbox& inbox) noexcept
      : provider_(provider), outbox_(socket), inbox_(inbox), wait_(inbox), file_(file) {}

  /// Until the backend says `stop`, or is gone. Then the connection is closed.
  void run();

 private:
  void answer(const Frame& frame);
  std::string result_of(const Frame& frame);
  std::string connect(const std::string& body);
  std::string describe(const std::string& body);
  std::string join(const PartsMessage& parts);
  void open(const ScanMessage& message);
  std::string ask_source(FrameKind kind, const SourceMessage& message);
  core::Source& source(std::uint64_t number);
  void read(const std::string& body);
  void send_rows(const ReadMessage& request);
  void close();

  const core::Provider& provider_;
  Outbox outbox_;
  Inbox& inbox_;
  ProgramWait wait_;
  char* file_;
  ConnectMessage login_;
  // Destroyed from the last to the first.
  std::unique_ptr<core::AddressRules> address_rules_;
  std::unique_ptr<core::Connection> connection_;
  std::map<std::uint64_t, std::unique_ptr<core::Source>> sources_;
  std::unique_ptr<core::RemoteCursor> cursor_;
  std::size_t cursor_columns_ = 0;  ///< that the batches of the cursor have
  std::uint64_t last_source_ = 0;
};

}  // namespace connector::reader
