#include "http/routes/path_id.hpp"

#include "http/message/uuid.hpp"

namespace connector::http {

std::string uuid_of_path(const Call& call) {
  const std::string& text = call.values.at(0);
  if (!is_uuid(text)) throw Refusal{{.status = 404}};
  return text;
}

}  // namespace connector::http
