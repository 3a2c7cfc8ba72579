#include "http/routes/page.hpp"

#include <algorithm>

#include "http/message/entity_tag.hpp"
#include "http/page/page_files.hpp"

namespace connector::http {

namespace {

constexpr std::string_view page_name = "index.html";

/// Nothing from elsewhere, nothing inline, and no text becomes markup. What the page does not need of a browser is
/// switched off; its copy buttons write to the clipboard.
constexpr std::pair<const char*, const char*> of_page[] = {
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; font-src 'none'; "
     "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Permissions-Policy",
     "accelerometer=(), autoplay=(), camera=(), clipboard-read=(), display-capture=(), encrypted-media=(), "
     "fullscreen=(), geolocation=(), gyroscope=(), hid=(), idle-detection=(), magnetometer=(), microphone=(), midi=(), "
     "payment=(), picture-in-picture=(), publickey-credentials-get=(), screen-wake-lock=(), serial=(), usb=(), "
     "xr-spatial-tracking=()"},
    {"X-Frame-Options", "DENY"}};

const PageFile* find_file(std::string_view name) noexcept {
  const std::span<const PageFile> files = page_files();
  const auto found = std::find_if(files.begin(), files.end(), [&](const PageFile& file) { return file.name == name; });
  return found == files.end() ? nullptr : &*found;
}

/// With the same headers where the client has the file already: a browser puts them in the place of those that it kept.
Reply file_reply(const Request& request, const PageFile& file, const char* kept) {
  const std::string tag = '"' + std::string(page_hash()) + '"';
  Reply reply{.body = {}, .content_type = std::string(file.media_type)};
  reply.headers = {{"ETag", tag}, {"Cache-Control", kept}, {"Cross-Origin-Resource-Policy", "same-origin"}};
  if (request.if_none_match && names_tag(*request.if_none_match, tag)) {
    reply.status = 304;
  } else {
    reply.body = file.bytes;
  }
  return reply;
}

/// The page is one for all: it is not there below /user/NAME.
void require_no_user(const Request& request) {
  if (request.path_user) throw Refusal{{.status = 404}};
}

Task<Reply> page(Call& call) {
  require_no_user(call.request);
  const PageFile* file = find_file(page_name);
  if (file == nullptr) co_return Reply{.status = 404};
  Reply reply = file_reply(call.request, *file, "no-cache");
  reply.headers.insert(reply.headers.end(), std::begin(of_page), std::end(of_page));
  co_return reply;
}

/// A file of another build is not there: a page never gets files that are not its own.
Task<Reply> file(Call& call) {
  require_no_user(call.request);
  std::string name = call.values.at(1);
  const bool is_one_segment = name.find('/') == std::string::npos;
  if (call.values.size() > 2) name += '/' + call.values[2];
  const PageFile* found = name == page_name ? nullptr : find_file(name);
  if (found == nullptr || !is_one_segment || call.values[0] != page_hash()) co_return Reply{.status = 404};
  co_return file_reply(call.request, *found, "public, max-age=31536000, immutable");
}

Route file_route(std::string_view path, std::string_view operation) {
  return {.method = Method::get,
          .path = path,
          .operation = operation,
          .summary = "A file of the page",
          .handler = file,
          .for_everybody = true,
          .is_api = false,
          .answers = {{200, "The file"}, {304, "If-None-Match has its ETag"}, {404, "It is none of this build"}}};
}

}  // namespace

std::vector<Route> page_routes() {
  return {{.method = Method::get,
           .path = "/",
           .operation = "page",
           .summary = "The page",
           .handler = page,
           .for_everybody = true,
           .is_api = false,
           .answers = {{200, "The page"}, {304, "If-None-Match has its ETag"}}},
          file_route("/page/{hash}/{file}", "page_file"),
          file_route("/page/{hash}/{folder}/{file}", "page_file_of_folder")};
}

}  // namespace connector::http
