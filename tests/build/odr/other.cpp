// SPDX-License-Identifier: MIT
#include "facts.hpp"

Facts facts_of_the_other() { return facts(); }
