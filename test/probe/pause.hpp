// Waits for whoever runs the program.
#pragma once

#include <fstream>
#include <string>

namespace connector::probe {

/// Until somebody has opened the named pipe there for writing, and has closed it.
inline void pause(const std::string& path) {
  std::ifstream pipe(path);
  std::string rest;
  std::getline(pipe, rest, '\0');
}

}  // namespace connector::probe
