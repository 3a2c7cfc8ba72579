// The files of the page, which are a part of the program: `embed-files` makes the table of the folder `files`.
#pragma once

#include <span>
#include <string_view>

namespace connector::http {

struct PageFile {
  std::string_view name;        ///< within the folder: "index.html", "screens/login.js"
  std::string_view media_type;  ///< with its charset
  std::string_view bytes;
};

/// All files, in the order of their names.
std::span<const PageFile> page_files() noexcept;

/// 16 digits of the SHA-256 of all names and contents: files that were built together have it in common.
std::string_view page_hash() noexcept;

}  // namespace connector::http
