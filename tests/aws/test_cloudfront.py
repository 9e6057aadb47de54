"""CloudFront as a `Cdn`: against moto, and against its answers as AWS documents them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from botocore.stub import Stubber
from moto import mock_aws
from support.aws_process import Aws, new_distribution

from flashgen.aws.cloudfront import BUSY_WAITS, CloudFront
from flashgen.errors import AccessDenied, NoAnswer, StoreError

ID = "E2EXAMPLE"
PATHS = ("/fair/", "/fair/index.html")
CREATE, GET = "create_invalidation", "get_invalidation"
TOO_MANY = "TooManyInvalidationsInProgress"


class Answers:
    """A distribution whose answers are scripted; botocore checks that requests are as AWS wants them."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self.cdn = CloudFront(ID, self.waits.append)
        self.stub = Stubber(self.cdn._client)
        self.stub.activate()

    def fail(self, call: str, code: str, status: int = 400) -> None:
        """The next answer to `call`."""
        self.stub.add_client_error(call, code, f"{code}, said AWS.", status)

    def answer(self, call: str, status: str) -> None:
        """The next answer to `call`: an invalidation in this state."""
        batch = {"Paths": {"Quantity": 2, "Items": list(PATHS)}, "CallerReference": "ref"}
        expected = {"DistributionId": ID} | ({"InvalidationBatch": batch} if call == CREATE else {"Id": "I1"})
        facts = {"Id": "I1", "Status": status, "CreateTime": "2026-11-27T08:00:00Z", "InvalidationBatch": batch}
        self.stub.add_response(call, {"Invalidation": facts}, expected)


@pytest.fixture
def answers(aws_credentials: None) -> Iterator[Answers]:
    """To be filled by the test, which has to use up all of them."""
    script = Answers()
    yield script
    script.stub.assert_no_pending_responses()


CALLS: dict[str, tuple[str, Callable[[CloudFront], object]]] = {
    "CreateInvalidation": (CREATE, lambda cdn: cdn.invalidate(PATHS, "ref")),
    "GetInvalidation": (GET, lambda cdn: cdn.is_done("I1")),
}


def test_an_invalidation_is_made_and_ends(aws_credentials: None) -> None:
    """On moto, which says `COMPLETED`."""
    with mock_aws():
        distribution = new_distribution()
        cdn = CloudFront(distribution)
        made = cdn.invalidate(PATHS, "ref")
        assert cdn.is_done(made)
        assert [PATHS] == Aws("", distribution).invalidated()
        assert f"CloudFront {distribution}" == cdn.name


@pytest.mark.parametrize(("status", "is_done"), [("InProgress", False), ("Completed", True), ("COMPLETED", True)])
def test_done_is_what_aws_calls_completed(answers: Answers, status: str, is_done: bool) -> None:
    """In whatever case it is written."""
    answers.answer(GET, status)
    assert is_done == answers.cdn.is_done("I1")


@pytest.mark.parametrize("action", CALLS)
def test_denied_access_names_what_to_allow(answers: Answers, action: str) -> None:
    """As a policy has it."""
    name, call = CALLS[action]
    answers.fail(name, "AccessDenied", 403)
    with pytest.raises(AccessDenied, match=r"^CloudFront E2EXAMPLE: access denied$") as caught:
        call(answers.cdn)
    assert f"allow cloudfront:{action} on arn:aws:cloudfront::*:distribution/E2EXAMPLE" == caught.value.hint


@pytest.mark.parametrize("action", CALLS)
@pytest.mark.parametrize(
    ("code", "status", "kind", "message", "hint"),
    [
        ("NoSuchDistribution", 404, StoreError, "there is none of that id", "`distribution:`"),
        ("ExpiredToken", 403, StoreError, "the AWS credentials have expired", "aws sso login"),
        ("InvalidClientTokenId", 403, StoreError, "the AWS access key is unknown", "AWS_PROFILE"),
        ("Throttling", 400, NoAnswer, "answered Throttling", "try again"),
        ("ServiceUnavailable", 503, NoAnswer, "answered ServiceUnavailable", "try again"),
        ("InvalidArgument", 400, StoreError, "an error occurred (InvalidArgument)", ""),
    ],
)
def test_an_answer_is_told_with_its_fix(
    answers: Answers, action: str, code: str, status: int, kind: type[StoreError], message: str, hint: str
) -> None:
    """One line: who, what; then what to do."""
    name, call = CALLS[action]
    answers.fail(name, code, status)
    with pytest.raises(StoreError) as caught:
        call(answers.cdn)
    assert kind is caught.type
    assert caught.value.message.startswith(f"CloudFront E2EXAMPLE: {message}")
    assert "\n" not in caught.value.message
    assert not caught.value.message.endswith(".")
    assert hint in caught.value.hint


def test_too_many_in_progress_are_waited_for(answers: Answers) -> None:
    """Somebody else's come to an end."""
    answers.fail(CREATE, TOO_MANY)
    answers.fail(CREATE, TOO_MANY)
    answers.answer(CREATE, "InProgress")
    assert "I1" == answers.cdn.invalidate(PATHS, "ref")
    assert list(BUSY_WAITS[:2]) == answers.waits


def test_too_many_for_too_long_is_an_error(answers: Answers) -> None:
    """One, which says what it was waiting for."""
    for _ in range(len(BUSY_WAITS) + 1):
        answers.fail(CREATE, TOO_MANY)
    with pytest.raises(StoreError, match="too many invalidations are in progress") as caught:
        answers.cdn.invalidate(PATHS, "ref")
    assert "wait a minute" in caught.value.hint
    assert list(BUSY_WAITS) == answers.waits


def test_without_credentials_the_message_says_how_to_get_some() -> None:
    """Before anything is sent."""
    with pytest.raises(StoreError, match="CloudFront E2EXAMPLE: no AWS credentials found"):
        CloudFront(ID).invalidate(PATHS, "ref")


def test_an_unreachable_cdn_is_no_answer(aws_credentials: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens there."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFRONT", "http://127.0.0.1:9")
    with pytest.raises(NoAnswer, match="CloudFront E2EXAMPLE: no answer"):
        CloudFront(ID).is_done("I1")
