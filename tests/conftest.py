# SPDX-License-Identifier: MIT
"""The stacks the tests share, and what every test may ask for.

A stack is started by the first test that needs it and serves the whole run, all workers of
`-n 4` included; tests keep apart by using flights of their own. Whoever starts a stack leaves a
note in the run's directory, and the controlling process stops whatever is noted there at the
end, also after Ctrl-C, a crash of a worker, or SIGTERM.
"""

import contextlib
import fcntl
import json
import os
import shutil
import signal
import tempfile
from pathlib import Path

import pytest

# Assertions of the helpers, too, should say what they saw.
pytest.register_assert_rewrite("audit", "client", "stack", "shapes")

from audit import audit  # noqa: E402
from stack import PROGRAM_FILES, ROOT, Stack  # noqa: E402

# Tests look into their stacks and databases as the account that runs them; tests/host/service/test_account.py is about the other.
os.environ.setdefault("RUN_AS", "root")

# Settings of the shared stacks. None is slow for the sake of realism: the gateway answers at once
# and fails only when a code says so, but for `seed`, which runs as shipped.
SETTINGS = {
    "default": {},
    "quick": {
        "RESERVATION_TIMEOUT": "3s", "RESERVATION_LIMIT": "1h", "PAYMENT_TIMEOUT": "1s", "PAYMENT_PENDING_TIMEOUT": "4s",
        "SWEEPERS": 2, "MAX_SEATS_PER_ORDER": 4,
        "ADMIN_TOKEN": "test-admin-token", "ALLOWED_ORIGIN": "https://shop.example",
    },
    # The timings of the seeds' own test configuration.
    "seed": {
        "RESERVATION_TIMEOUT": "30s", "PAYMENT_TIMEOUT": "5s",
        "PAYMENT_FAILURE_RATE": "0.15", "PAYMENT_MAX_DELAY": "5s",
    },
}

# -- the run ------------------------------------------------------------------------------------

def is_worker(config):
    return hasattr(config, "workerinput")


def pytest_configure(config):
    if is_worker(config):
        config.run_dir = Path(config.workerinput["run_dir"])
    else:
        config.run_dir = Path(tempfile.mkdtemp(prefix="booking-run-"))
        signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node):
    node.workerinput["run_dir"] = str(node.config.run_dir)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """A file's tests stay together, for its fixtures; but the seeds' tests mostly sleep, so those spread."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return nodeid if "/seed/" in nodeid else nodeid.split("::", 1)[0]

    return ByFile(config, log)


def pytest_collection_modifyitems(items):
    """The seeds' tests first: they are the longest, and with several workers the rest fills the gaps."""
    items.sort(key=lambda item: "/seed/" not in item.nodeid)


def pytest_make_parametrize_id(val):
    """Values that go on for pages do not belong into a test's name."""
    if isinstance(val, (str, bytes)) and len(val) > 40:
        return f"{ascii(val[:12])} and so on, {len(val)}"
    return None


def pytest_unconfigure(config):
    if is_worker(config) or not hasattr(config, "run_dir"):
        return
    for note in config.run_dir.glob("*.json"):
        with contextlib.suppress(Exception):
            Stack(**json.loads(note.read_text())).stop()
    shutil.rmtree(config.run_dir, ignore_errors=True)


@contextlib.contextmanager
def locked(path):
    with open(path, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def note_of(config, name):
    return config.run_dir / f"{name}.json"


def start_noted(config, name, stack):
    """Starts a stack and leaves the note by which it will be stopped."""
    for program in PROGRAM_FILES:
        if not program.exists():
            pytest.exit(f"{program.relative_to(ROOT)} is missing: run `make` first", 2)
    # The note comes first: a stack half started must be stopped, too.
    note_of(config, name).write_text(
        json.dumps({"settings": stack.settings, "data_dir": str(stack.data_dir)}))
    return stack.start()


@pytest.fixture(scope="session")
def shared_stack(pytestconfig):
    known = {}

    def get(name):
        if name not in known:
            note = note_of(pytestconfig, name)
            with locked(pytestconfig.run_dir / f"{name}.lock"):
                if note.exists():
                    known[name] = Stack(**json.loads(note.read_text()))
                else:
                    known[name] = start_noted(pytestconfig, name, Stack(SETTINGS[name]))
        return known[name]
    get.known = known
    return get


@pytest.fixture(scope="session")
def default_stack(shared_stack):
    """15 minutes to pay, 10 s an attempt, one sweeper, admin for loopback."""
    return shared_stack("default")


@pytest.fixture(scope="session")
def quick_stack(shared_stack):
    """3 s to pay, an hour in all, 1 s an attempt, two sweepers, at most 4 seats, admin by token, CORS for a shop."""
    return shared_stack("quick")


@pytest.fixture(scope="session")
def seed_stack(shared_stack):
    """As shipped, with the timings of the seeds' test configuration."""
    return shared_stack("seed")


@pytest.fixture(scope="module")
def own_stack(pytestconfig):
    """Starts stacks for this module alone, to be stopped, broken or set up oddly. Audited in the end as well."""
    started = []

    def start(**settings):
        stack = Stack(settings)
        started.append(stack)
        return start_noted(pytestconfig, stack.data_dir.name, stack)
    yield start
    for stack in started:
        try:
            # With a gateway of somebody else's, half of the books are not here.
            if "PAYMENT_GATEWAY_URL" not in stack.settings:
                audit(stack, deadline=30)
        finally:
            stack.stop()
            note_of(pytestconfig, stack.data_dir.name).unlink(missing_ok=True)


# -- for each test ------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def stack(default_stack):
    """The system under test. A module that needs another one says so by overriding this."""
    return default_stack


@pytest.fixture(scope="module", autouse=True)
def audited(shared_stack):
    """At the end of each module the books of all stacks it may have used must agree."""
    yield
    for stack in shared_stack.known.values():
        audit(stack)


@pytest.fixture
def api(stack):
    return stack.api()


@pytest.fixture
def flight(stack):
    """A flight of the test's own, with FL123's thirty seats."""
    return stack.new_flight()
