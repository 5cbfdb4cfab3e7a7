# SPDX-License-Identifier: MIT
"""The stacks that the tests share, and the fixtures for all tests.

The first test that needs a stack starts it, and it serves the whole run, including all workers of `-n 4`. Tests do not
disturb each other, because each uses flights of its own. The process that starts a stack leaves a note in the run's
directory. At the end the controlling process stops every stack noted there, also after Ctrl-C, a crash of a worker, or
SIGTERM.
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

# The helpers' assertions, too, should show the values they compared.
pytest.register_assert_rewrite("audit", "client", "stack", "shapes")

from audit import audit  # noqa: E402
from signing import SECRET  # noqa: E402
from stack import PROGRAM_FILES, ROOT, Stack  # noqa: E402

# Tests look into their stacks and databases as the account that runs them. tests/host/service/test_account.py tests the
# service's own account.
os.environ.setdefault("RUN_AS", "root")

# Settings of the shared stacks. Their gateway answers at once and fails only when a code says so. Only `seed` has the
# random delays and failures of the shipped settings.
SETTINGS = {
    "default": {},
    "quick": {
        "RESERVATION_TIMEOUT": "3s", "RESERVATION_LIMIT": "1h", "PAYMENT_TIMEOUT": "1s", "PAYMENT_PENDING_TIMEOUT": "4s",
        "SWEEPERS": 2, "MAX_SEATS_PER_ORDER": 4,
        "ADMIN_TOKEN": "test-admin-token", "ALLOWED_ORIGIN": "https://shop.example", "PAYMENT_NOTIFY_SECRET": SECRET,
    },
    # Customers must sign in; a test says who does by REMOTE_USER, straight to the API's socket or by nginx's basic auth.
    "signed_in": {"CUSTOMERS": "signed-in", "TRUST_REMOTE_USER": "yes", "ADMIN_TOKEN": "test-admin-token",
                  "ROLE_GROUPS": "viewer:readers,agent:desk,operator:ops,admin:it", "ALLOW_RESET": "yes", "PASSENGERS": "optional"},
    # Passengers may be named; who asks is said by REMOTE_USER.
    "named": {"PASSENGERS": "optional", "NAME_CHANGE_UNTIL": "24h", "PAYMENT_TIMEOUT": "1s", "TRUST_REMOTE_USER": "yes", "ADMIN_TOKEN": "test-admin-token",
              "ROLE_GROUPS": "viewer:readers,agent:desk,operator:ops,admin:it", "API_WORKERS": 4, "GATEWAY_WORKERS": 4},
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
    """Keeps a file's tests on one worker, for its fixtures, but spreads the seeds' tests, which mostly sleep."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return nodeid if "/seed/" in nodeid else nodeid.split("::", 1)[0]

    return ByFile(config, log)


def pytest_collection_modifyitems(items):
    """Runs the seeds' tests first: they are the longest, and with several workers the others fill the gaps."""
    items.sort(key=lambda item: "/seed/" not in item.nodeid)


def pytest_make_parametrize_id(val):
    """Keeps very long values out of a test's name."""
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
    """Starts a stack and leaves the note that lets it be stopped."""
    for program in PROGRAM_FILES:
        if not program.exists():
            pytest.exit(f"{program.relative_to(ROOT)} is missing: run `make` first", 2)
    # The note is written first, because a half-started stack has to be stopped, too.
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
                known[name].is_shared = True
        return known[name]
    get.known = known
    return get


@pytest.fixture(scope="session")
def default_stack(shared_stack):
    """15 minutes to pay, 10 s per attempt, one sweeper, admin from loopback."""
    return shared_stack("default")


@pytest.fixture(scope="session")
def quick_stack(shared_stack):
    """3 s to pay, an hour in all, 1 s per attempt, two sweepers, 4 seats at most, admin by token, CORS for a shop."""
    return shared_stack("quick")


@pytest.fixture(scope="session")
def signed_in_stack(shared_stack):
    """Customers must sign in; four groups have the four roles."""
    return shared_stack("signed_in")


@pytest.fixture(scope="session")
def named_stack(shared_stack):
    """Passengers may be named, and corrected until a day before departure; four groups have the four roles."""
    return shared_stack("named")


@pytest.fixture(scope="session")
def seed_stack(shared_stack):
    """The shipped settings, with the timings of the seeds' test configuration."""
    return shared_stack("seed")


@pytest.fixture(scope="module")
def own_stack(pytestconfig):
    """Starts stacks for this module alone, which it may stop, break or set up oddly. They are audited in the end. What
    they need must outlive them, so a fixture that uses it names this one last."""
    started = []

    def start(**settings):
        stack = Stack(settings)
        started.append(stack)
        return start_noted(pytestconfig, stack.data_dir.name, stack)
    yield start
    for stack in started:
        try:
            # With a foreign gateway, half of the books are not here.
            if "PAYMENT_GATEWAY_URL" not in stack.settings:
                audit(stack, deadline=30)
        finally:
            stack.stop()
            note_of(pytestconfig, stack.data_dir.name).unlink(missing_ok=True)


# -- for each test ------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def stack(default_stack):
    """The system under test. A module that needs another one overrides this."""
    return default_stack


@pytest.fixture(scope="module", autouse=True)
def audited(shared_stack):
    """Checks at the end of each module that the books of all stacks it may have used agree."""
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
