// SPDX-License-Identifier: MIT
#include "op_table.hpp"
#include "ops/op_value.hpp"

using namespace test;

// The table in double, for all tests of this program.
template std::vector<OpCase<double, Cpu>> test::op_table<double, Cpu>();

TEST_CASE("every op in double gives what plain loops give, in poisoned memory") { check_values<double>(); }

TEST_CASE("a Var in double holds the bits that a Tensor gives") { check_recorded_values<double>(); }
