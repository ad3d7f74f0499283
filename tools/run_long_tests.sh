#!/usr/bin/env bash
# The tests that tools/run_tests.sh leaves out: those that compile, and a step
# of every config.
exec bash "$(dirname "$0")/run_tests.sh" -m long "$@"
