#include "reader/provider.hpp"

#include "reader/connection.hpp"
#include "reader/messages.hpp"

namespace connector::reader {

std::unique_ptr<core::Connection> ReaderProvider::connect(const core::ConnectRequest& request) const {
  // The driver has the same limit, and more to say of it.
  const core::Deadline deadline = std::chrono::steady_clock::now() + request.connect_timeout + std::chrono::seconds(1);
  auto channel = std::make_unique<Channel>(info_, request, deadline);
  const std::string message = to_message(ConnectMessage{.options = request.options,
                                                        .session = request.session,
                                                        .allowed_hosts = request.address_rules.allowed_hosts(),
                                                        .any_address = request.address_rules.trusted(),
                                                        .local_addresses = request.address_rules.local_allowed(),
                                                        .connect_timeout = request.connect_timeout,
                                                        .statement_timeout = request.statement_timeout,
                                                        .application_name = std::string(request.application_name),
                                                        .trusted = request.trusted,
                                                        .may_use_tickets = request.may_use_tickets});
  const ConnectedMessage connected =
      channel->ask(FrameKind::connect, message, core::Phase::connect, connected_message, deadline);
  return std::make_unique<ReaderConnection>(std::move(channel), connected.survives_early_end);
}

}  // namespace connector::reader
