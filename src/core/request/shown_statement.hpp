// What may be shown of an SQL statement that brought requests with passwords.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace connector::core {

/// A request that a statement brought. All texts are in the encoding of the statement.
struct BroughtRequest {
  std::string text;    ///< as it was given; empty = it could not be read, and what is secret in it is not known
  std::string masked;  ///< what is shown in its place
  std::vector<std::string> secrets;
};

/// Stands for a statement of which nothing may be shown.
constexpr std::string_view hidden_statement = "******** (hidden by connector: it may hold a password)";

/// The statement, or a part of one, as it may be shown. Where all of a request is found in it as it was given, its
/// masked form takes that place, and the rest is shown if it is certain to hold no secret. Where it is not found, it
/// came by another way (a parameter, a table), or is spelt in a way that can't be told (escapes, concatenations): the
/// statement is shown only if nothing in it can be a text. In all other cases it is hidden_statement.
/// Takes time linear in the length of the statement for each request and each secret.
std::string shown_statement(std::string_view statement, std::span<const BroughtRequest> requests);

}  // namespace connector::core
