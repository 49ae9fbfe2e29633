// SPDX-License-Identifier: MIT
// open_pages FILE...: pages must load in a browser without a line on its console and without a request, and
// fit a phone and a desktop with all their pictures. 77: there is no browser, or nothing to do.
#define DOCTEST_CONFIG_IMPLEMENT  // what support.hpp refers to; no test case is run
#include "browser.hpp"

#include <cstdio>

int main(int argc, char** argv) {
  const auto browser = test::Browser::find();
  if (!browser) {
    std::puts("SKIPPED open_pages: no chromium, chromium-browser or google-chrome is installed");
    return 77;
  }
  int faults = 0;
  const auto check = [&](const char* file, const char* what, bool right, const std::string& found) {
    if (right) return;
    std::fprintf(stderr, "%s: %s: %s\n", file, what, found.c_str());
    ++faults;
  };
  for (int i = 1; i < argc; ++i) {
    const std::string page = test::read_file(argv[i]);
    const auto visit = browser->visit(page);
    check(argv[i], "did not load", visit.finished, visit.log);
    check(argv[i], "lines on the console", visit.console_lines() == 0, visit.log);
    check(argv[i], "requests of other hosts", visit.page_requests() == 0, visit.requests);
    const auto sizes = browser->visit(test::measured(page));
    check(argv[i], "did not load at other sizes", sizes.finished, sizes.log);
    const std::string fits = test::found_in(sizes.document);
    check(argv[i], "is wider than a screen, or has broken pictures", fits == test::fits_everywhere, fits);
  }
  return argc < 2 ? 77 : faults == 0 ? 0 : 1;
}
