// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <pretext/eval/protocol.hpp>
#include <pretext/report/html.hpp>
#include <pretext/report/series.hpp>
#include <pretext/train/metrics.hpp>

#include "training.hpp"

// What the pages of the demo and of a single run have in common.

/// "61.3 %" of a part of 1.
std::string percent(double part);

/// One curve over epochs, its band reaching from the lowest to the highest run; records without the value
/// (NaN) leave a gap.
pretext::report::Series epoch_curve(const std::string& name,
                                    const std::vector<std::vector<pretext::train::Record>>& runs,
                                    double (*value)(const pretext::train::Record&));

/// Null where there is none; protocols are found by how their names begin.
const pretext::eval::Summary* summary_of(const std::vector<pretext::eval::Summary>& all,
                                         const std::string& network, const std::string& tap,
                                         const std::string& protocol);

/// The taps at which a network was measured by a protocol.
std::vector<std::string> taps_of(const std::vector<pretext::eval::Summary>& all, const std::string& network,
                                 const std::string& protocol);

/// A row a tap: what each network's features reach there, and what pretraining gains over random weights.
/// Columns of networks that were not measured are left out.
pretext::report::Html probe_table(const std::vector<pretext::eval::Summary>& all, const std::string& network,
                                  const std::string& protocol, const std::string& caption);

/// The same as bars, of the linear probe.
pretext::report::Html probe_bars(const std::vector<pretext::eval::Summary>& all, const std::string& network,
                                 const std::string& caption);

/// The first convolution [KH, KW, 3, Co] of a network with the scale of the batch norm behind it; nothing
/// where it does not read three colours, or where no batch norm follows.
std::optional<pretext::Tensor<float, pretext::Cpu>> first_filters(pretext::nn::Sequential<>& net);

/// Filters as small pictures, all on one scale of brightness.
pretext::report::Html filter_gallery(const pretext::Tensor<float, pretext::Cpu>& filters);
