"""What has to be right before a gate listens: one clear error each, and nothing begun."""

from __future__ import annotations

import resource
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.command import Flashgen
from support.running_gate import SETTINGS

from flashgen.addresses import SecretUrl
from flashgen.cli.commands.gate import STATES
from flashgen.cli.gate.start import GateOptions, choose_server
from flashgen.errors import Refused
from flashgen.gate.orders.order import OrderState
from flashgen.gate.settings import GateSettings, parse, render
from flashgen.gate.storage.opening import check_storage
from flashgen.gate.storage.sqlite.storage import SqliteStorage
from flashgen.layout import settings_key
from flashgen.store import Headers
from flashgen.store.folder import FolderStore

STORAGE = "sqlite:.flashgen/gate-local.db"
HERE = GateOptions((), "127.0.0.1", 8090, "", SecretUrl(STORAGE), False)
EAST, WEST = "https://east.example.com", "https://west.example.com"
LOCAL = ("http://127.0.0.1:8090", "http://127.0.0.1:8091", "http://localhost:8092")


@pytest.fixture
def free_port() -> Iterator[str]:
    """Taken while a test runs: a gate that gets as far as to listen fails."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield str(server.getsockname()[1])


def served_by(*servers: str, sale: str = "night") -> GateSettings:
    """A sale with these order servers."""
    return replace(SETTINGS, sale=sale, servers=servers)


def test_the_only_server_is_this_one() -> None:
    """Wherever it listens: a proxy is before it."""
    assert EAST == choose_server([served_by(EAST)], HERE)


@pytest.mark.parametrize(("port", "server"), [(8090, LOCAL[0]), (8091, LOCAL[1]), (8092, LOCAL[2])])
def test_of_several_the_one_that_listens_here(port: int, server: str) -> None:
    """By its port, on this machine."""
    assert server == choose_server([served_by(*LOCAL)], replace(HERE, port=port))


def test_of_several_the_one_that_is_called_as_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """With or without its domain."""
    for name in ("west", "west.example.com"):
        monkeypatch.setattr(socket, "gethostname", lambda name=name: name)
        assert WEST == choose_server([served_by(EAST, WEST)], HERE)


def test_the_one_that_is_named() -> None:
    """If the sale knows it."""
    assert WEST == choose_server([served_by(EAST, WEST)], replace(HERE, server=WEST))
    with pytest.raises(Refused, match=r"https://north.example.com is none of the order servers of night") as refused:
        choose_server([served_by(EAST, WEST)], replace(HERE, server="https://north.example.com"))
    assert f"--server {EAST} or {WEST}" == refused.value.hint


@pytest.mark.parametrize("servers", [(EAST, WEST), LOCAL, ("http://127.0.0.1:9000", "http://localhost:9000")])
def test_of_several_none_is_guessed(servers: tuple[str, ...]) -> None:
    """Two gates that count the same slots would let in half the buyers."""
    with pytest.raises(Refused, match=r"there are \d order servers; which one is this\?") as refused:
        choose_server([served_by(*servers)], replace(HERE, port=9000))
    assert f"--server {' or '.join(servers)}" == refused.value.hint


def test_several_sales_share_a_server() -> None:
    """It is one that all of them name."""
    sales = [served_by(EAST, WEST), served_by(WEST, sale="dawn")]
    assert WEST == choose_server(sales, HERE)
    with pytest.raises(Refused, match="night, dawn have no order server in common"):
        choose_server([served_by(EAST), served_by(WEST, sale="dawn")], HERE)


def test_sqlite_is_for_one_server() -> None:
    """Two files would sell the stock twice."""
    check_storage([served_by(EAST)], STORAGE)
    check_storage([served_by(EAST, WEST)], "redis://10.0.0.5:6379/0")
    with pytest.raises(Refused, match="night has 2 order servers, and sqlite:x is for one"):
        check_storage([served_by(EAST, WEST)], "sqlite:x")


@pytest.mark.parametrize("url", ["REDIS://:secret@host/0", "valky://:secret@host", "valky://host/0?password=secret"])
def test_a_mistyped_storage_shows_no_password(url: str) -> None:
    """It is refused before it is opened."""
    with pytest.raises(Refused) as refused:
        check_storage([served_by(EAST, WEST)], url)
    assert "secret" not in f"{refused.value} {refused.value.hint}"


def test_a_sale_that_was_not_pushed_is_refused(flashgen: Flashgen, project: Path) -> None:
    """With the command that mends it."""
    flashgen("new", "night")
    run = flashgen("gate", "serve", "night")
    assert 1 == run.exit_code
    assert f"no sale night has been pushed to dir:{project / '.flashgen' / 'store'}\n" in run.err
    assert "hint: flashgen push night\n" in run.err


@pytest.mark.parametrize("sale", ["nihgt", "flash"])
def test_a_misspelt_sale_is_refused(pushed: Flashgen, sale: str) -> None:
    """With those that were pushed."""
    run = pushed("gate", "serve", sale)
    assert 1 == run.exit_code
    assert f"no sale {sale} has been pushed to dir:" in run.err
    assert "; there is: night\n" in run.err
    assert f"hint: flashgen push {sale}\n" in run.err


def test_a_secret_that_did_not_sign_an_open_sale_is_refused(pushed: Flashgen, project: Path, free_port: str) -> None:
    """Every buyer would be sent away, and the log would be silent."""
    assert 0 == pushed("go-live", "night", "--early", "--yes").exit_code
    secret = project / ".flashgen" / "secret"
    ours = secret.read_text()
    secret.write_text("5" * 64)
    run = pushed("gate", "serve", "--port", free_port, "--new-storage")
    assert 1 == run.exit_code
    assert "the secret here did not sign the token of night's open sale" in run.err
    assert "that `flashgen go-live` had" in run.err
    assert not (project / ".flashgen" / "gate-local.db").exists()
    secret.write_text("5" * 64 + "\n" + ours)  # a key that was rotated out is good as long as it is there
    assert "the port is in use" in pushed("gate", "serve", "--port", free_port, "--new-storage").err


@pytest.mark.parametrize("then", ["live", "paused"])
def test_no_secret_is_made_once_a_sale_was_live(pushed: Flashgen, project: Path, free_port: str, then: str) -> None:
    """It would not be the one that signed the tokens; before the first go-live it is."""
    secret = project / ".flashgen" / "secret"
    assert not secret.exists()
    pushed("gate", "serve", "--port", free_port)
    assert secret.exists()
    assert 0 == pushed("go-live", "night", "--early", "--yes").exit_code
    if then == "paused":
        assert 0 == pushed("pause", "night", "--yes").exit_code
    secret.unlink()
    run = pushed("gate", "serve", "--port", free_port)
    assert 1 == run.exit_code
    assert f"{secret} is missing" in run.err
    assert "copy it from where `flashgen go-live` ran" in run.err
    assert not secret.exists()


def test_a_target_without_a_url_is_refused(pushed: Flashgen, project: Path) -> None:
    """There would be nowhere to send those who get no place."""
    (project / "flashgen.yaml").write_text('targets: {local: {store: "dir:.flashgen/store"}}\n', encoding="utf-8")
    run = pushed("gate", "serve")
    assert 1 == run.exit_code
    assert "target `local` has no `url`" in run.err


def test_a_target_without_a_secret_is_refused(pushed: Flashgen, project: Path) -> None:
    """No token could be read."""
    text = 'targets: {there: {store: "dir:.flashgen/store", url: "http://127.0.0.1:8080"}}\n'
    (project / "flashgen.yaml").write_text(text, encoding="utf-8")
    run = pushed("--target", "there", "gate", "serve")
    assert 1 == run.exit_code
    assert "needs a secret" in run.err


def test_a_project_without_order_sections_is_refused(flashgen: Flashgen, project: Path) -> None:
    """It has nothing to serve."""
    flashgen("new", "night")
    path = project / "sale_configs" / "night.yaml"
    text = path.read_text(encoding="utf-8")
    start, end = text.index("\norder:"), text.index("\nunlock:")
    path.write_text(text[:start] + text[end:], encoding="utf-8")
    run = flashgen("gate", "serve")
    assert 1 == run.exit_code
    assert "no sale here has an `order` section" in run.err


def test_a_gate_needs_no_yaml(pushed: Flashgen, project: Path, free_port: str) -> None:
    """Of a sale that is named it reads what was pushed; here it gets as far as the port."""
    (project / "sale_configs" / "night.yaml").unlink()
    run = pushed("gate", "serve", "night", "--port", free_port)
    assert f"127.0.0.1:{free_port}: the port is in use" in run.err
    assert 1 == run.exit_code


def test_a_storage_is_begun_before_the_first_go_live(pushed: Flashgen, project: Path, free_port: str) -> None:
    """And is known after it."""
    pushed("gate", "serve", "--port", free_port)
    storage = SqliteStorage(project / ".flashgen" / "gate-local.db", "")
    assert storage.is_begun("night")
    storage.close()
    assert 0 == pushed("go-live", "night", "--early", "--yes").exit_code
    assert "the port is in use" in pushed("gate", "serve", "--port", free_port).err


def test_a_storage_that_knows_nothing_of_a_live_sale_is_refused(
    pushed: Flashgen, project: Path, free_port: str
) -> None:
    """It was emptied, or is another one; with --new-storage somebody takes that upon them."""
    assert 0 == pushed("go-live", "night", "--early", "--yes").exit_code
    run = pushed("gate", "serve", "--port", free_port)
    assert "sqlite:.flashgen/gate-local.db knows nothing of night, which has been live" in run.err
    run = pushed("gate", "serve", "--port", free_port, "--new-storage")
    assert "night begins anew in sqlite:.flashgen/gate-local.db" in run.err
    assert "the port is in use" in run.err


def test_each_target_has_a_storage_of_its_own(
    pushed: Flashgen, project: Path, free_port: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sales have the same names on all; orders of a rehearsal are none."""
    store = f"dir:{project / '.flashgen' / 'staging'}"
    text = f'targets: {{staging: {{store: "{store}", url: "http://127.0.0.1:8080"}}}}\nsecret: env:FLASHGEN_SECRET\n'
    monkeypatch.setenv("FLASHGEN_SECRET", "5" * 64)
    (project / "flashgen.yaml").write_text(text, encoding="utf-8")
    pushed("--target", "staging", "push", "night", "--yes")
    for target in ("local", "staging"):
        pushed("--target", target, "gate", "serve", "--port", free_port)
        assert (project / ".flashgen" / f"gate-{target}.db").is_file()
    run = pushed("--target", "staging", "gate", "orders", "list", "night", "--json")
    assert "sqlite:.flashgen/gate-staging.db" == run.result["storage"]


@pytest.mark.parametrize("storage", ["mysql://db/gate", "sqlite:", "gate.db"])
def test_a_storage_that_is_none_is_refused(pushed: Flashgen, storage: str) -> None:
    """With the shapes that are."""
    run = pushed("gate", "serve", "--storage", storage)
    assert 1 == run.exit_code
    assert "sqlite:PATH" in run.err


def test_the_storage_may_be_in_the_environment(pushed: Flashgen, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have a password in it, which command lines show to everybody."""
    monkeypatch.setenv("FLASHGEN_STORAGE", "redis://:secret-word@127.0.0.1:1/0")
    run = pushed("gate", "serve")
    assert 1 == run.exit_code
    assert "redis://127.0.0.1:1/0" in run.err
    assert "secret-word" not in run.err + run.out


def test_tls_that_trusts_anybody_is_warned_of(pushed: Flashgen) -> None:
    """Who is on the way would be taken for the storage."""
    run = pushed("gate", "serve", "--storage", "rediss://:secret-word@127.0.0.1:1/0?ssl_cert_reqs=none")
    assert "warning: rediss://127.0.0.1:1/0: with `ssl_cert_reqs=none`" in run.err
    assert "secret-word" not in run.err + run.out
    run = pushed("gate", "serve", "--storage", "rediss://127.0.0.1:1/0?ssl_cert_reqs=required")
    assert "ssl_cert_reqs" not in run.err


def test_what_was_pushed_by_a_newer_flashgen_is_refused(pushed: Flashgen, project: Path) -> None:
    """It may mean something else."""
    path = project / ".flashgen" / "store" / "_flashgen" / "night" / "gate.json"
    store = FolderStore(project / ".flashgen" / "store")
    stored = store.get("_flashgen/night/gate.json")
    assert stored
    store.put("_flashgen/night/gate.json", stored.body.replace(b'"format": 2', b'"format": 99'), stored.headers)
    assert path.is_file()
    run = pushed("gate", "serve")
    assert "format 99" in run.err


def test_a_server_has_no_json_document(pushed: Flashgen) -> None:
    """It never ends."""
    run = pushed("gate", "serve", "--json")
    assert 2 == run.exit_code


def test_states_are_those_that_there_are() -> None:
    """Help must not import the gate, and so has a copy."""
    assert tuple(state.value for state in OrderState) == STATES


@pytest.mark.parametrize(
    ("most", "expected"),
    [
        (63, "error: a process may open 63 files here, and a gate needs 64 at least"),
        (1024, "warning: a process may open 1,024 files here, and each connection is one"),
        (4096, "error: 127.0.0.1:"),
        (resource.RLIM_INFINITY, "error: 127.0.0.1:"),
    ],
)
def test_few_open_files_are_said_before_a_crowd_comes(
    pushed: Flashgen, free_port: str, monkeypatch: pytest.MonkeyPatch, most: int, expected: str
) -> None:
    """With the number to raise; too few to start are one error, and no traceback of a worker."""
    monkeypatch.setattr(resource, "getrlimit", lambda _: (most, most))
    run = pushed("gate", "serve", "--port", free_port)
    assert (1, expected) == (run.exit_code, run.err[: len(expected)])
    assert ("ulimit -n 65536" in run.err) == (0 < most < 4096)


@pytest.mark.parametrize(
    ("secret", "message"),
    [
        (None, "needs a secret that only your proxy sends"),
        ("short", "must have 16 characters or more"),
    ],
)
def test_a_header_names_nobody_without_a_secret(
    pushed: Flashgen, project: Path, free_port: str, secret: str | None, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever reaches the gate could be any buyer."""
    key = settings_key("night")
    store = FolderStore(project / ".flashgen" / "store")
    found = store.get(key)
    assert found
    named = replace(parse(found.body, key), buyer="header:X-User-Id", trusted_proxies=("10.0.0.0/8",))
    store.put(key, render(named), Headers("application/json", "private, no-store"))
    if secret:
        monkeypatch.setenv("ORIGIN_SECRET", secret)
        settings = project / "flashgen.yaml"
        settings.write_text(settings.read_text() + "\norigin_secrets: env:ORIGIN_SECRET\n")
    run = pushed("gate", "serve", "night", "--port", free_port)
    assert (1, True) == (run.exit_code, message in run.err), run.err
