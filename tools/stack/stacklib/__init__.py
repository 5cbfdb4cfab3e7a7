# SPDX-License-Identifier: MIT
"""The parts of conf/stack."""
