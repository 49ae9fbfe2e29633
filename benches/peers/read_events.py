#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints what TensorBoard reads in a folder of event files, a line a value.

  benches/peers/read_events.py FOLDER
"""

import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

events = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0, "images": 0, "histograms": 0})
events.Reload()
tags = events.Tags()
for tag in tags["scalars"]:
    for e in events.Scalars(tag):
        print("scalar", tag, e.step, repr(e.value))
for tag in tags["images"]:
    for e in events.Images(tag):
        print("image", tag, e.step, e.height, e.width, len(e.encoded_image_string))
for tag in tags["histograms"]:
    for e in events.Histograms(tag):
        h = e.histogram_value
        print("histogram", tag, e.step, h.min, h.max, h.num, h.sum, sum(h.bucket), h.bucket_limit[-1])
