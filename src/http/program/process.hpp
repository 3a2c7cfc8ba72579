// What the process itself is set to before it serves anybody.
#pragma once

namespace connector::http {

/// - no core dumps and no debugger, as the memory holds passwords;
/// - as many descriptors as the system lets it have: the usual limit is no more than the connections of clients;
/// - a log that nobody reads any more does not end the program.
void prepare_process() noexcept;

}  // namespace connector::http
