// SPDX-License-Identifier: MIT
#pragma once

#include "support.hpp"

namespace test {

/// The Python of benches/peers/setup.sh, where it is; PRETEXT_PEERS names another folder.
inline std::filesystem::path peers_python() {
  const char* named = std::getenv("PRETEXT_PEERS");
  const std::filesystem::path folder =
      named != nullptr ? named : std::filesystem::path(PRETEXT_SOURCE_DIR) / ".cache/peers";
  return folder / "bin/python";
}

/// Runs it, with arguments as a shell reads them; true where it succeeds.
inline bool run_python(const std::string& arguments) {
  return std::system(("'" + peers_python().string() + "' " + arguments).c_str()) == 0;
}

/// Runs a script of benches/peers.
inline bool run_peer(const std::string& script, const std::string& arguments) {
  return run_python("'" PRETEXT_SOURCE_DIR "/benches/peers/" + script + "' " + arguments);
}

/// True where the peers' Python has all these modules, with commas between them; else the test is skipped and
/// says so.
inline bool has_python_modules(const std::string& modules) {
  if (std::filesystem::exists(peers_python()) && run_python("-c 'import " + modules + "' 2> /dev/null"))
    return true;
  skip("not all of Python's " + modules + " are installed; benches/peers/setup.sh installs them");
  return false;
}

}  // namespace test
