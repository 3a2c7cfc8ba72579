#include "drivers/mysql/statement.hpp"

#include <utility>

#include <mysql.h>

#include "drivers/mysql/errors.hpp"

namespace connector::mysql {

namespace {

/// Both engines stop at 4096 columns; the null bitmap of more might not fit the library's smallest buffer.
constexpr unsigned max_fields = 4096;

constexpr unsigned char end_marker = 0xfe;
constexpr std::size_t max_end_bytes = 9;

std::string attribute(const MYSQL_FIELD& field, mariadb_field_attr_t which) {
  MARIADB_CONST_STRING value{};
  if (mariadb_field_attr(&value, &field, which) != 0 || value.str == nullptr) return {};
  return {value.str, value.length};
}

}  // namespace

Statement::Statement(Session& session, std::string_view sql, core::Phase phase, std::string_view summary)
    : session_(session), handle_(mysql_stmt_init(session.handle())) {
  if (handle_ == nullptr) throw std::bad_alloc();
  try {
    bool prepared = false;
    session_.call([&] { prepared = mysql_stmt_prepare(handle_, sql.data(), sql.size()) == 0; });
    if (!prepared) throw statement_error(phase, summary, native_error(handle_));
    if (mysql_stmt_field_count(handle_) > max_fields) throw_malformed("the server sent too many columns");
  } catch (...) {
    mysql_stmt_close(handle_);
    throw;
  }
}

Statement::~Statement() {
  mysql_stmt_close(handle_);
}

std::vector<Field> Statement::fields() const {
  std::vector<Field> fields;
  const unsigned count = mysql_stmt_field_count(handle_);
  const MYSQL_FIELD* native = mariadb_stmt_fetch_fields(handle_);
  for (unsigned i = 0; i < count; ++i) {
    const MYSQL_FIELD& from = native[i];
    Field& field = fields.emplace_back();
    field.name.assign(from.name, from.name_length);
    field.column_name.assign(from.org_name, from.org_name_length);
    field.not_null = (from.flags & NOT_NULL_FLAG) != 0;
    field.facts = {.type = from.type,
                   .flags = from.flags,
                   .collation = from.charsetnr,
                   .length = from.length,
                   .decimals = from.decimals,
                   // Expressions of a view have the view's name, but no database.
                   .is_table_column = from.db_length > 0 && from.org_table_length > 0 && from.org_name_length > 0,
                   .data_type_name = attribute(from, MARIADB_FIELD_ATTR_DATA_TYPE_NAME),
                   .format_name = attribute(from, MARIADB_FIELD_ATTR_FORMAT_NAME)};
  }
  return fields;
}

std::size_t Statement::parameters() const {
  return mysql_stmt_param_count(handle_);
}

void Statement::bind(std::vector<std::int64_t> values) {
  if (values.size() != parameters()) throw_malformed("the server counts other parameters than it was sent");
  values_ = std::move(values);
  if (values_.empty()) return;
  std::vector<MYSQL_BIND> bound(values_.size(), MYSQL_BIND{});
  for (std::size_t i = 0; i < values_.size(); ++i) {
    bound[i].buffer_type = MYSQL_TYPE_LONGLONG;
    bound[i].buffer = &values_[i];
  }
  if (mysql_stmt_bind_param(handle_, bound.data()) != 0) throw std::bad_alloc();
}

void Statement::execute(std::string_view summary) {
  open_ = true;
  session_.call([&] { open_ = mysql_stmt_execute(handle_) == 0; });
  if (!open_) throw statement_error(core::Phase::execute, summary, native_error(handle_));
}

std::span<const unsigned char> Statement::next_row() {
  // mysql_stmt_fetch() hands out a pointer without the packet's length (neither to bound buffers nor to a result
  // callback), so that a length in the row could not be checked; mysql_net_read_packet() tells it. It is the same
  // read that mysql_stmt_fetch() makes for an unbuffered result.
  MYSQL* connection = session_.handle();
  const unsigned long size = mysql_net_read_packet(connection);
  if (size == packet_error) {
    open_ = false;
    connection->status = MYSQL_STATUS_READY;
    handle_->state = MYSQL_STMT_FETCH_DONE;
    throw statement_error(core::Phase::fetch, "could not read rows", native_error(connection));
  }
  const std::span<const unsigned char> packet(connection->net.read_pos, size);
  if (packet[0] != end_marker || size >= max_end_bytes) return packet;
  end_of_rows(packet);
  return {};
}

/// Leaves library and statement as mysql_stmt_fetch() does behind the last row.
void Statement::end_of_rows(std::span<const unsigned char> packet) noexcept {
  open_ = false;
  MYSQL* connection = session_.handle();
  if (packet.size() >= 5) {
    warnings_ = static_cast<unsigned>(packet[1] | packet[2] << 8);
    connection->server_status = static_cast<unsigned>(packet[3] | packet[4] << 8);
  }
  connection->status = MYSQL_STATUS_READY;
  handle_->state = MYSQL_STMT_FETCH_DONE;
}

}  // namespace connector::mysql
