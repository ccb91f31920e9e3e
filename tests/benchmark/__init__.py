# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests, time and memory of the modules, as real processes against the simulator in another process.

Request counts are exact, and a wrong one is a failure. Times and memory are printed beside what is aimed at, and fail
nothing: they depend on the machine and on what else it does.
"""
