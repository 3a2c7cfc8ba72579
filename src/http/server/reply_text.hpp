// Answers as they are sent.
#pragma once

#include <string>

#include "http/message/reply.hpp"

namespace connector::http {

enum class Framing {
  length,  ///< Content-Length and the body
  chunks,  ///< an answer without an end, in pieces
  end      ///< the same for HTTP/1.0: until the connection ends
};

/// How the request was, as far as the answer depends on it.
struct ReplyForm {
  Framing framing = Framing::length;
  bool head = false;        ///< the request was a HEAD: all but the body
  bool keep_alive = false;  ///< the connection goes on
  bool is_1_0 = false;      ///< to a client of HTTP/1.0, which has to be told that
};

/// Head and body, with what all answers have; a header that the reply has itself counts.
std::string reply_text(const Reply& reply, const ReplyForm& form);

/// 503 for a request or an answer that ByteBudget has no memory for.
Reply no_memory_reply();

/// One piece of an answer in chunks; an empty one is the end.
std::string chunk_text(std::string_view piece);

}  // namespace connector::http
