// Questions to the name service, through c-ares.
#pragma once

#include <string>
#include <vector>

#include "core/net/address_rules.hpp"

namespace connector::core {

/// What came of a question: addresses, or why there are none.
struct NameServiceAnswer {
  std::vector<Address> addresses;
  std::string failure;  ///< not empty if there is no address: the resolver's words
};

/// Asks the hosts file and DNS for the addresses of `host`. All waits go through `wait`. An empty answer with an empty
/// failure means that `deadline` has passed. `servers`: name servers as comma-separated `address:port`; empty = the
/// system's.
NameServiceAnswer ask_name_service(const std::string& host, Wait& wait, Deadline deadline,
                                   const std::string& servers = {});

}  // namespace connector::core
