// All tables of a schema, described with few questions to the catalog.
#pragma once

#include <functional>
#include <string>

#include "core/remote/provider.hpp"
#include "drivers/mysql/session.hpp"

namespace connector::mysql {

/// As Connection::describe_schema(). Of each table the server is asked for the metadata of its rows only.
void describe_schema(Session& session, const std::string& schema, const core::TableParts& parts,
                     const std::function<bool(const core::RemoteTable&)>& wanted,
                     const std::function<void(const core::DescribedTable&)>& found);

}  // namespace connector::mysql
