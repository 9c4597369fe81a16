"""providers.aws.sign_req: AWS Signature Version 4 over a request object; nothing is sent.

Reference: "Authenticating Requests: Using the Authorization Header" of the Amazon S3 API, single chunk; OPA's
documentation of `providers.aws.sign_req`. The keys come with the policy's own input or data, as everywhere in OPA.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote, urlsplit

from guard.policy.rego.builtins.registry import builtin
from guard.policy.rego.errors import OperandError
from guard.policy.rego.numbers import integer
from guard.policy.rego.text import json_text
from guard.policy.rego.values import NUMBERS, UNDEFINED, Value

REQUIRED: Final = ("aws_access_key", "aws_region", "aws_secret_access_key", "aws_service")
UNSIGNED: Final = "UNSIGNED-PAYLOAD"
NOT_SIGNED: Final = frozenset({"authorization", "user-agent", "x-amzn-trace-id"})  # proxies change these
HASHED: Final = frozenset({"s3", "glacier"})  # services that want the hash of the body as a header
PATH_SAFE: Final = "/~!$&'()*+,;=:@%"
LATEST: Final = (1 << 63) - 1


@builtin("providers.aws.sign_req", "object", "object", "number")
def sign_req(request: dict[str, Value], config: dict[str, Value], time_ns: Value) -> Value:
    """The request with the signature and what it covers among its headers."""
    _strings(1, "request parameters(s)", request, ("method", "url"))
    _strings(2, "AWS config parameters(s)", config, REQUIRED)
    when = _time(time_ns)
    unsigned = config.get("disable_payload_signing", False)
    if type(unsigned) is not bool:
        raise _refused(2, "invalid value for 'disable_payload_signing' in AWS config")
    given = request.get("headers", {})
    if type(given) is not dict:
        raise _refused(1, "`headers` must be an object")
    headers = {name: value if type(value) is str else "" for name, value in given.items() if type(name) is str}
    digest = UNSIGNED if unsigned else hashlib.sha256(_body(request)).hexdigest()
    signed = _headers(request["url"], config, when, digest)
    covered = {name.lower(): value for name, value in headers.items() if name.lower() not in NOT_SIGNED}
    # As in OPA, a header of the request is signed as it came, even where its own value then replaces it.
    authorization = _authorization(request, config, when, {**signed, **covered}, digest)
    return {**request, "headers": {**headers, **signed, "Authorization": authorization}}


def _strings(position: int, what: str, found: dict[str, Value], names: tuple[str, ...]) -> None:
    missing = [name for name in names if name not in found]
    if missing:
        raise _refused(position, f"missing required {what}: {', '.join(missing)}")
    wrong = [name for name in names if type(found[name]) is not str]
    if wrong:
        raise _refused(position, f"invalid values for required {what}: {', '.join(wrong)}")


def _refused(position: int, message: str) -> OperandError:
    return OperandError(f"`providers.aws.sign_req`: operand {position}: {message}")


def _time(time_ns: Value) -> datetime:
    number = integer(time_ns) if type(time_ns) in NUMBERS else None
    if number is None or not 0 <= number <= LATEST:
        raise _refused(3, "could not convert time_ns value into a unix timestamp")
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=number // 1000)


def _body(request: dict[str, Value]) -> bytes:
    raw, body = request.get("raw_body", UNDEFINED), request.get("body", UNDEFINED)
    if raw is not UNDEFINED:
        return (raw if type(raw) is str else "").encode("utf-8", "surrogatepass")
    return b"" if body is UNDEFINED else json_text(body).encode("utf-8", "surrogatepass")


def _headers(url: str, config: dict[str, Value], when: datetime, digest: str) -> dict[str, str]:
    """What the signature adds to the headers and covers."""
    try:
        host = urlsplit(url).netloc.rpartition("@")[2]
    except ValueError as error:
        raise _refused(1, "`url` is not a URL") from error
    found = {"host": host, "x-amz-date": f"{when:%Y%m%dT%H%M%SZ}"}
    if config["aws_service"] in HASHED or digest == UNSIGNED:
        found["x-amz-content-sha256"] = digest
    token = config.get("aws_session_token")
    if type(token) is str and token:
        found["x-amz-security-token"] = token
    return found


def _authorization(
    request: dict[str, Value], config: dict[str, Value], when: datetime, headers: dict[str, str], digest: str
) -> str:
    url = urlsplit(request["url"])
    names = ";".join(sorted(headers))
    lines = [request["method"], quote(url.path, safe=PATH_SAFE), url.query]
    lines += [f"{name}:{headers[name]}" for name in sorted(headers)]
    canonical = "\n".join([*lines, "", names, digest])
    scope = (f"{when:%Y%m%d}", config["aws_region"], config["aws_service"], "aws4_request")
    key = b"AWS4" + config["aws_secret_access_key"].encode("utf-8", "surrogatepass")
    for part in scope:
        key = hmac.digest(key, part.encode("utf-8", "surrogatepass"), "sha256")
    hashed = hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()
    text = "\n".join(["AWS4-HMAC-SHA256", f"{when:%Y%m%dT%H%M%SZ}", "/".join(scope), hashed])
    signature = hmac.new(key, text.encode("utf-8", "surrogatepass"), "sha256").hexdigest()
    credential = f"{config['aws_access_key']}/{'/'.join(scope)}"
    return f"AWS4-HMAC-SHA256 Credential={credential},SignedHeaders={names},Signature={signature}"
