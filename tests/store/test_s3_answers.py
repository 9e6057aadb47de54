"""What the store in a bucket makes of S3's answers, and of none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import pytest

from flashgen.aws import clients as aws
from flashgen.errors import AccessDenied, Conflict, NoAnswer, StoreError
from flashgen.store import Headers, S3Store, Store
from flashgen.store.conditional_write import put_settled

PAGE = Headers("text/html", "public, max-age=60")
OK = (200, "")
#: In place of an answer.
SILENCE, HANG_UP = (0, "silence"), (0, "hang up")


@dataclass
class Script:
    """What the server says, in turn, the last for ever; and what it was asked."""

    answers: list[tuple[int, str]]
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    requests: list[str] = field(default_factory=list)
    over: Event = field(default_factory=Event)

    def next(self, request: str) -> tuple[int, str]:
        """The answer to the request."""
        self.requests.append(request)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def script() -> Script:
    """To be filled by the test."""
    return Script([OK])


@pytest.fixture
def endpoint_url(script: Script) -> Iterator[str]:
    """A server on this machine that follows the script."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            status, code = script.next(f"{self.command} {self.path}")
            if not status:
                script.over.wait(5 if code == "silence" else 0)
                self.close_connection = True
                return
            body = script.body or (f"<Error><Code>{code}</Code><Message>Said so.</Message></Error>" if code else "")
            self.send_response(status)
            for name, value in {"ETag": '"tag"', "Content-Length": str(len(body)), **script.headers}.items():
                if value:
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode())

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = answer

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        script.over.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def store(endpoint_url: str, aws_credentials: None, monkeypatch: pytest.MonkeyPatch) -> Store:
    """On that server, with little patience, and an environment that asks for retries."""
    monkeypatch.setattr(aws, "SMALL_TIMEOUTS", (1.0, 0.3))
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "5")
    return S3Store("flash", "sales", "eu-central-1", endpoint_url)


def put_if_absent(store: Store) -> object:
    """A conditional put."""
    return store.put("k", b"body", PAGE, if_absent=True)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ((412, "PreconditionFailed"), Conflict),
        ((409, "ConditionalRequestConflict"), Conflict),
        ((412, ""), Conflict),
        ((409, "Strange"), Conflict),
        ((404, "NoSuchKey"), Conflict),
        ((500, "InternalError"), NoAnswer),
        ((503, "SlowDown"), NoAnswer),
        ((429, "TooManyRequests"), NoAnswer),
        ((502, ""), NoAnswer),
        ((400, "RequestTimeout"), NoAnswer),
        (SILENCE, NoAnswer),
        (HANG_UP, NoAnswer),
    ],
    ids=str,
)
def test_a_conditional_put_is_sent_once(
    store: Store, script: Script, answer: tuple[int, str], expected: type[StoreError]
) -> None:
    """Whatever comes back; sent again, it would meet itself."""
    script.answers = [answer, OK]
    with pytest.raises(StoreError) as caught:
        put_if_absent(store)
    assert expected is caught.type
    assert ["PUT /flash/sales/k"] == script.requests
    assert caught.value.message.startswith("s3://flash/sales/k: ")
    assert caught.value.hint


@pytest.mark.parametrize(
    "answer", [(503, "SlowDown"), (500, "InternalError"), (429, "Busy"), (429, ""), HANG_UP], ids=str
)
@pytest.mark.parametrize(
    "verb", [lambda store: store.put("k", b"body", PAGE), lambda store: store.get("k")], ids=["put", "get"]
)
def test_everything_else_is_retried(
    store: Store, script: Script, answer: tuple[int, str], verb: Callable[[Store], object]
) -> None:
    """A passing trouble passes unseen."""
    script.answers = [answer, OK]
    verb(store)
    assert 2 == len(script.requests)


@pytest.mark.parametrize(
    ("verb", "action", "resource"),
    [
        (put_if_absent, "s3:PutObject", "arn:aws:s3:::flash/sales/k"),
        (lambda store: list(store.list("")), "s3:ListBucket", "arn:aws:s3:::flash"),
        (lambda store: store.delete(["k"]), "s3:DeleteObject", "arn:aws:s3:::flash"),
    ],
    ids=["put", "list", "delete"],
)
def test_denied_access_names_what_to_allow(
    store: Store, script: Script, verb: Callable[[Store], object], action: str, resource: str
) -> None:
    """The action and the resource, as a policy has them."""
    script.answers = [(403, "AccessDenied")]
    with pytest.raises(AccessDenied) as caught:
        verb(store)
    assert f"allow {action} on {resource}" == caught.value.hint


def test_what_may_be_denied_or_missing_is_told_as_such(store: Store, script: Script) -> None:
    """S3 answers so for what is missing, to everybody who may not list the bucket."""
    script.answers = [(403, "AccessDenied")]
    with pytest.raises(AccessDenied, match="s3://flash/sales/k: access denied, or there is no such object") as caught:
        store.get("k")
    allow = "allow s3:GetObject on arn:aws:s3:::flash/sales/k, and s3:ListBucket on arn:aws:s3:::flash, "
    assert caught.value.hint.startswith(allow)


def test_a_key_that_could_not_be_deleted_is_an_error(store: Store, script: Script) -> None:
    """S3 says 200 for the batch, and tells of the key in the body."""
    denial = "<Error><Key>sales/k</Key><Code>{}</Code><Message>no</Message></Error>"
    script.body = f"<DeleteResult>{denial.format('AccessDenied')}</DeleteResult>"
    with pytest.raises(AccessDenied) as caught:
        store.delete(["k"])
    assert "allow s3:DeleteObject on arn:aws:s3:::flash/sales/k" == caught.value.hint
    script.body = f"<DeleteResult>{denial.format('InternalError')}</DeleteResult>"
    with pytest.raises(StoreError, match="s3://flash/sales/k: not deleted, S3 answered InternalError"):
        store.delete(["k"])


@pytest.mark.parametrize(
    "answer",
    [(501, "NotImplemented"), (405, "MethodNotAllowed"), (501, ""), (400, "MissingContentMD5"), (400, "InvalidDigest")],
)
def test_a_server_that_deletes_one_at_a_time_is_asked_so(store: Store, script: Script, answer: tuple[int, str]) -> None:
    """It is asked for many once, and not again."""
    script.answers = [answer, (204, "")]
    store.delete(["a", "b"])
    together = [request for request in script.requests if request.startswith("POST")]
    assert ["DELETE /flash/sales/a", "DELETE /flash/sales/b"] == script.requests[len(together) :]
    store.delete(["c"])
    assert "DELETE /flash/sales/c" == script.requests[-1]
    assert together == [request for request in script.requests if request.startswith("POST")]


def test_what_a_server_says_of_its_permissions_is_no_reason_to_ask_singly(store: Store, script: Script) -> None:
    script.answers = [(403, "AccessDenied")]
    with pytest.raises(AccessDenied):
        store.delete(["a", "b"])
    assert {"POST"} == {request.partition(" ")[0] for request in script.requests}


def test_keys_are_deleted_by_the_thousand(store: Store, script: Script) -> None:
    """S3's limit for one request."""
    script.body = "<DeleteResult></DeleteResult>"
    store.delete(f"k{number}" for number in range(2001))
    assert 3 == len(script.requests)


@pytest.mark.parametrize(
    ("answer", "message", "hint"),
    [
        ((404, "NoSuchBucket"), "s3://flash/sales/k: there is no bucket flash", "create it"),
        ((400, "ExpiredToken"), "s3://flash/sales/k: the AWS credentials have expired", "aws sso login"),
        ((403, "InvalidAccessKeyId"), "s3://flash/sales/k: the AWS access key is unknown", "AWS_PROFILE"),
        ((403, "SignatureDoesNotMatch"), "s3://flash/sales/k: the AWS secret key", "AWS_SECRET_ACCESS_KEY"),
        ((403, "RequestTimeTooSkewed"), "s3://flash/sales/k: this machine's clock is wrong", "NTP"),
        ((501, "NotImplemented"), "s3://flash/sales/k: this store has no conditional writes", "If-Match"),
        ((400, "EntityTooLarge"), "s3://flash/sales/k: an error occurred (EntityTooLarge)", ""),
    ],
    ids=str,
)
def test_an_answer_is_told_with_its_fix(
    store: Store, script: Script, answer: tuple[int, str], message: str, hint: str
) -> None:
    """One line: place, what; then what to do."""
    script.answers = [answer]
    with pytest.raises(StoreError) as caught:
        put_if_absent(store)
    assert caught.value.message.startswith(message)
    assert "\n" not in caught.value.message
    assert not caught.value.message.endswith(".")
    assert hint in caught.value.hint


@pytest.mark.parametrize("bucket", ["flash", "left.to.boto3"])
@pytest.mark.parametrize("body", ["default backend - 404", "<html><b>404</b></html>", "<html>404<br></html>", ""])
@pytest.mark.parametrize("status", [400, 403, 404, 407])
def test_what_something_on_the_way_says_is_no_answer_of_s3(
    endpoint_url: str, aws_credentials: None, script: Script, status: int, body: str, bucket: str
) -> None:
    """It knows neither what there is nor what was written."""
    script.answers, script.body = [(status, "")], body
    store = S3Store(bucket, "", "eu-central-1", endpoint_url)
    for ask in (put_if_absent, lambda store: store.get("k")):
        with pytest.raises(NoAnswer, match=f"s3://{bucket}/k: answered {status}, and not by S3") as caught:
            ask(store)
        assert "proxies" in caught.value.hint
    assert 2 == len(script.requests)


@pytest.mark.parametrize("bucket", ["flash", "left.to.boto3"])
def test_a_missing_object_is_known_by_its_name(
    endpoint_url: str, aws_credentials: None, script: Script, bucket: str
) -> None:
    """However it is asked for."""
    script.answers = [(404, "NoSuchKey")]
    assert S3Store(bucket, "", "eu-central-1", endpoint_url).get("k") is None


@pytest.mark.parametrize("verb", [lambda store: store.put("k", b"body", PAGE), lambda store: store.get("k")])
def test_silence_is_tried_once_more_and_then_told(
    store: Store, script: Script, verb: Callable[[Store], object]
) -> None:
    """It is nothing unusual: the next call goes over the wire too, and does not wait for boto3's retries."""
    script.answers = [SILENCE, HANG_UP, HANG_UP, HANG_UP, OK]
    for _ in range(2):
        with pytest.raises(NoAnswer):
            verb(store)
    assert 4 == len(script.requests)
    verb(store)
    assert 5 == len(script.requests)


def test_a_missing_bucket_is_no_missing_object(store: Store, script: Script) -> None:
    """Both are 404."""
    script.answers = [(404, "NoSuchKey")]
    assert store.get("k") is None
    script.answers = [(404, "NoSuchBucket")]
    with pytest.raises(StoreError, match="no bucket flash"):
        store.get("k")


@pytest.mark.parametrize(
    "answer", [(301, "PermanentRedirect"), (301, ""), (400, "AuthorizationHeaderMalformed")], ids=str
)
def test_a_wrong_region_is_corrected_in_the_hint(store: Store, script: Script, answer: tuple[int, str]) -> None:
    """S3 says which is right."""
    script.answers, script.headers = [answer], {"x-amz-bucket-region": "us-west-2"}
    with pytest.raises(StoreError, match="another region, us-west-2") as caught:
        put_if_absent(store)
    assert "set `region: us-west-2` for this target in flashgen.yaml" == caught.value.hint


def test_a_conditional_put_that_was_too_many_is_settled(store: Store, script: Script) -> None:
    """429 is no answer about the object: it is read back, and put again."""
    script.answers, waits = [(429, "TooManyRequests"), (404, "NoSuchKey"), OK], list[float]()
    assert '"tag"' == put_settled(store, "k", b"body", PAGE, if_match=None, sleep=waits.append)
    assert ["PUT", "GET", "PUT"] == [request.split()[0] for request in script.requests]
    assert 1 == len(waits)


@pytest.mark.parametrize("verb", [put_if_absent, lambda store: store.get("k")], ids=["put", "get"])
def test_a_server_without_etags_is_refused(store: Store, script: Script, verb: Callable[[Store], object]) -> None:
    """Without one nothing can be written on condition; and it may be that not the server has answered."""
    script.headers = {"ETag": ""}
    with pytest.raises(NoAnswer, match="s3://flash/sales/k: the server answered without an ETag") as caught:
        verb(store)
    assert "ETag" in caught.value.hint


def test_an_unreachable_store_is_no_answer(aws_credentials: None) -> None:
    """Nobody listens there."""
    with pytest.raises(NoAnswer, match="no answer: could not connect"):
        put_if_absent(S3Store("flash", endpoint_url="http://127.0.0.1:9"))


def test_without_credentials_the_message_says_how_to_get_some() -> None:
    """Before anything is sent."""
    with pytest.raises(StoreError, match="s3://flash/k: no AWS credentials found") as caught:
        put_if_absent(S3Store("flash", region="eu-central-1"))
    assert "aws sso login" in caught.value.hint


def test_an_unknown_profile_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the store is opened."""
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(StoreError, match="s3://flash: the config profile"):
        S3Store("flash")


def test_an_impossible_bucket_name_is_told(aws_credentials: None) -> None:
    """By botocore, before anything is sent."""
    with pytest.raises(StoreError, match=r"s3://No_Bucket!/k: parameter validation failed"):
        put_if_absent(S3Store("No_Bucket!"))
