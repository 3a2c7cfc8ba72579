#include "drivers/sqlserver/dialect.hpp"

namespace connector::sqlserver {

namespace {

class SqlServerDialect final : public core::Dialect {
 public:
  std::span<const core::TypeRule> rules() const noexcept override { return {}; }

 protected:
  const core::TypeRule* rule_of(const core::RemoteColumn& /*column*/) const override { return nullptr; }
  std::optional<std::string> constant(core::Operator /*comparison*/, const core::RemoteColumn& /*column*/,
                                      std::string_view /*value*/) const override {
    return std::nullopt;
  }
  std::string limited(std::string statement, bool is_ordered, std::int64_t rows, std::int64_t offset) const override {
    if (offset > 0) {
      if (!is_ordered) statement += " ORDER BY (SELECT NULL)";
      return statement + " OFFSET " + std::to_string(offset) + " ROWS FETCH NEXT " + std::to_string(rows) +
             " ROWS ONLY";
    }
    constexpr std::string_view select = "SELECT ";
    return std::string(select) + "TOP (" + std::to_string(rows) + ") " + statement.substr(select.size());
  }
};

}  // namespace

std::string quote_identifier(std::string_view name) {
  return core::between_quotes('[', name, ']');
}

std::string quote_table(std::string_view database, std::string_view schema, std::string_view table) {
  return quote_identifier(database) + '.' + quote_identifier(schema) + '.' + quote_identifier(table);
}

std::string quote_literal(std::string_view text) {
  return 'N' + core::between_quotes('\'', text, '\'');
}

const core::Dialect& dialect() noexcept {
  static const SqlServerDialect instance;
  return instance;
}

}  // namespace connector::sqlserver
