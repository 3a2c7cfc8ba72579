// How several connections come to read one state of a table's rows.
#pragma once

#include <string>

#include "core/remote/further_connection.hpp"

namespace connector::core {

/// From here on all that `readers` read of the source `of` is of one state; `offering` offers it, and reads nothing
/// meanwhile. Gives why that can't be, in words for people; empty if it is so. A reader whose connection is lost is
/// such a reason, too: a pool may have refused it; and one that gets no answer: it is closed. So is the loss of
/// `offering` in the middle. Throws what offer_state() throws, and what `wait` throws.
std::string come_to_one_state(Connection& offering, const SourceRequest& of, const FurtherConnections& readers,
                              Wait& wait);

}  // namespace connector::core
