// What the object of a sync has, and clients send back although it says nothing to do.
#pragma once

#include <span>
#include <string_view>

namespace connector::http {

/// Names of members that calls on syncs ignore.
std::span<const std::string_view> sync_members() noexcept;

}  // namespace connector::http
