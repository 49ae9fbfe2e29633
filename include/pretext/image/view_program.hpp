// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/core/random.hpp"
#include "pretext/image/view.hpp"

namespace pretext {

/// One picture as a view program meets it.
struct Source {
  ImageView picture;
  std::int32_t index = 0;  ///< within the batch: the source of its views
  std::int32_t label = -1;
  bool training = false;    ///< draw at random; otherwise draw what evaluation always sees
  std::int64_t number = 0;  ///< of the picture in its data set
};

// A view program is the part of a task that makes pictures and labels: a trivially copyable struct with
//
//   int views, labels;                            how many it writes for each picture; static or not
//   bool crisp = true;                            where none of its views looks around; static or not
//   PRETEXT_HD void operator()(const Source&, Rng, View* views, std::int32_t* labels) const;
//
// It is one source for all devices, and random only through the Rng, which is a function of (seed, epoch,
// picture).

/// Whether a program says that none of its views looks at neighbouring pixels.
template <class Program>
constexpr bool is_crisp([[maybe_unused]] const Program& program) {
  if constexpr (requires { program.crisp; })
    return program.crisp;
  else
    return false;
}

/// Runs a view program for one picture of a batch: writes its views and labels, of all the batch.
template <class Program>
PRETEXT_HD void write_views(const Program& program, const Source& source, std::uint64_t seed,
                            std::uint32_t epoch, View* views, std::int32_t* labels) {
  program(source, Rng(seed, Use::views, epoch, static_cast<std::uint32_t>(source.number)),
          views + std::int64_t{source.index} * program.views,
          labels + std::int64_t{source.index} * program.labels);
}

}  // namespace pretext
