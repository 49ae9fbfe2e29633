// SPDX-License-Identifier: MIT
// open_set FOLDER: prints what data::open finds in a folder, one line a part.
#include <cstdio>

#include "pretext/data/open.hpp"

int main(int count, char** arguments) {
  using namespace pretext::data;
  if (count != 2) return 2;
  for (const Split split : {Split::train, Split::test, Split::unlabeled}) try {
      const Dataset set = open(arguments[1], split);
      std::printf("%s: %lld pictures of %d pixels, %zu classes, the first one's is %s\n", to_string(split),
                  static_cast<long long>(set.size()), set.image(0).height, set.classes().size(),
                  set.label(0) < 0 ? "none" : set.classes()[static_cast<std::size_t>(set.label(0))].c_str());
    } catch (const pretext::Error& error) {
      std::printf("%s: Error: %s\n", to_string(split), error.what());
    }
}
