"""The parts of conf/stack."""
