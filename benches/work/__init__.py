# SPDX-License-Identifier: MIT
"""What benches/compare.py measures: a file each, with measure(args) for the record and table(part) for people."""
