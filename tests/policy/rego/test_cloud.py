"""providers.aws.sign_req: OPA's own example, and what is refused."""

from __future__ import annotations

import pytest

from guard.policy.rego.builtins import registry
from guard.policy.rego.errors import OperandError

CONFIG = {
    "aws_access_key": "MYAWSACCESSKEYGOESHERE",
    "aws_secret_access_key": "MYAWSSECRETACCESSKEYGOESHERE",
    "aws_service": "s3",
    "aws_region": "us-east-1",
}
REQUEST = {"method": "get", "url": "http://example.com"}
TIME = 1451311705000000000
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
CREDENTIAL = "AWS4-HMAC-SHA256 Credential=MYAWSACCESSKEYGOESHERE/20151228/us-east-1/s3/aws4_request"


def sign(request, config, time):
    """The builtin."""
    return registry()["providers.aws.sign_req"](request, config, time)


def test_a_signed_request():
    """The whole answer, as OPA gives it; the request itself stays as it was."""
    signature = "0047a7016c81e5c7f29cd522f97e911e04fc472fced0aee7916cbc287ad6c8e3"
    assert sign(REQUEST, CONFIG, TIME) == {
        **REQUEST,
        "headers": {
            "Authorization": f"{CREDENTIAL},SignedHeaders=host;x-amz-content-sha256;x-amz-date,Signature={signature}",
            "host": "example.com",
            "x-amz-content-sha256": EMPTY,
            "x-amz-date": "20151228T140825Z",
        },
    }
    assert REQUEST == {"method": "get", "url": "http://example.com"}


@pytest.mark.parametrize(
    ("request_", "config", "time"),
    [
        ({}, CONFIG, TIME),
        ({"method": 1, "url": "x"}, CONFIG, TIME),
        ({**REQUEST, "headers": []}, CONFIG, TIME),
        ({**REQUEST, "url": "http://[::1"}, CONFIG, TIME),
        (REQUEST, {}, TIME),
        (REQUEST, {**CONFIG, "aws_region": 3}, TIME),
        (REQUEST, {**CONFIG, "disable_payload_signing": "false"}, TIME),
        (REQUEST, CONFIG, -1),
        (REQUEST, CONFIG, 1 << 63),
        (REQUEST, CONFIG, 0.5),
        (REQUEST, CONFIG, "now"),
    ],
)
def test_what_is_refused(request_, config, time):
    """Each is an error that names the operand and no key."""
    with pytest.raises(OperandError, match="operand") as caught:
        sign(request_, config, time)
    assert "SECRET" not in str(caught.value)
