// SPDX-License-Identifier: MIT
#include "op_table.hpp"
#include "ops/op_value.hpp"

using namespace test;

// The table in float, for all tests of this program.
template std::vector<OpCase<float, Cpu>> test::op_table<float, Cpu>();

TEST_CASE("every op in float gives what plain loops give, in poisoned memory") { check_values<float>(); }

TEST_CASE("a Var in float holds the bits that a Tensor gives") { check_recorded_values<float>(); }
