// SPDX-License-Identifier: MIT
#include "pretext/cuda/view_program.cuh"
#include "pretext/tasks/colorization.hpp"
#include "pretext/tasks/contrastive.hpp"
#include "pretext/tasks/exemplar.hpp"
#include "pretext/tasks/exemplar_triplet.hpp"
#include "pretext/tasks/jigsaw.hpp"
#include "pretext/tasks/relative_location.hpp"
#include "pretext/tasks/rotation.hpp"
#include "pretext/tasks/supervised.hpp"

namespace pretext::cuda {

template void launch_views(const tasks::RotationViews&, const DrawSource&, std::int64_t, std::uint64_t, bool,
                           View*, std::int32_t*);
template void launch_views(const tasks::SupervisedViews&, const DrawSource&, std::int64_t, std::uint64_t,
                           bool, View*, std::int32_t*);
template void launch_views(const tasks::JigsawViews&, const DrawSource&, std::int64_t, std::uint64_t, bool,
                           View*, std::int32_t*);
template void launch_views(const tasks::RelativeLocationViews&, const DrawSource&, std::int64_t,
                           std::uint64_t, bool, View*, std::int32_t*);
template void launch_views(const tasks::ContrastiveViews&, const DrawSource&, std::int64_t, std::uint64_t,
                           bool, View*, std::int32_t*);
template void launch_views(const tasks::ExemplarViews&, const DrawSource&, std::int64_t, std::uint64_t, bool,
                           View*, std::int32_t*);
template void launch_views(const tasks::ColorizationViews&, const DrawSource&, std::int64_t, std::uint64_t,
                           bool, View*, std::int32_t*);
using TripletCrops = tasks::ExemplarCrops<tasks::ExemplarTripletOptions::views>;
template void launch_views(const TripletCrops&, const DrawSource&, std::int64_t, std::uint64_t, bool, View*,
                           std::int32_t*);

template void launch_members(const tasks::JigsawViews&, const std::int32_t*, std::int64_t, std::int32_t*);
template void launch_members(const tasks::RelativeLocationViews&, const std::int32_t*, std::int64_t,
                             std::int32_t*);

}  // namespace pretext::cuda
