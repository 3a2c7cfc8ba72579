// All tables of a schema, described in few queries.
#pragma once

#include <functional>
#include <string_view>

#include "core/remote/provider.hpp"
#include "drivers/postgres/session.hpp"

namespace connector::postgres {

/// As Connection::describe_schema(), for which of `parts` only the defaults are known here.
void describe_schema(Session& session, std::string_view schema, const core::TableParts& parts,
                     const std::function<bool(const core::RemoteTable&)>& wanted,
                     const std::function<void(const core::DescribedTable&)>& found);

}  // namespace connector::postgres
