// SPDX-License-Identifier: MIT
#include "pretext/image/codec_source.hpp"
