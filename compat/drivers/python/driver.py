"""Drives the unmodified PyPI package `wechatpy`: one JSON command a line in, one JSON result a line out.

Only the base URL, the CA and the credentials are configured. What is said of a
reply is what the SDK itself made of it: `ok` is a value that it returned,
`error` one of its own exceptions (or one of `requests`), `crash` any other.
"""

import hashlib
import json
import sys

import requests
from requests_pkcs12 import Pkcs12Adapter
from wechatpy.exceptions import WeChatPayException
from wechatpy.pay import WeChatPay
from wechatpy.pay.utils import calculate_signature, calculate_signature_hmac, format_url

QUERY = "mmpaymkttransfers/queryworkwxredpack"
SEND = "mmpaymkttransfers/sendworkwxredpack"
WORKWX_FIELDS = ("act_name", "mch_billno", "mch_id", "nonce_str", "re_openid", "total_amount", "wxappid")


def read_secret(path):
    with open(path, encoding="utf-8") as file:
        return file.read().strip()


def pay(command):
    """The SDK's client with the identity that the command names."""
    pem = command["identity"] == "pem"
    client = WeChatPay(
        command["appid"],
        read_secret(command["api_key_file"]),
        command["mch_id"],
        mch_cert=command["cert_file"] if pem else None,
        mch_key=command["key_file"] if pem else None,
        timeout=command["timeout_ms"] / 1000,
    )
    client.API_BASE_URL = command["base_url"] + "/"
    if command["identity"] == "p12":
        adapter = Pkcs12Adapter(pkcs12_filename=command["p12_file"], pkcs12_password=command["p12_password"])
        client._http.mount(client.API_BASE_URL, adapter)
    return client


def workwx_sign(fields, secret):
    """The SDK knows no `workwx_sign`; this is its own `format_url` with the label of `protocol.md` §2.3."""
    base = format_url({name: fields.get(name, "") for name in WORKWX_FIELDS})
    return hashlib.md5(base + b"&secret=" + secret.encode()).hexdigest().upper()


def query(command):
    data = dict(command["fields"], appid=command["appid"])
    return pay(command).post(QUERY, data=data, verify=command["ca_file"])


def send(command):
    data = dict(command["fields"], mch_id=command["mch_id"], wxappid=command["appid"])
    data["nonce_str"] = command["nonce_str"]
    data["workwx_sign"] = workwx_sign(data, read_secret(command["workwx_secret_file"]))
    return pay(command).post(SEND, data=data, verify=command["ca_file"])


def raw(command):
    body = command["body"].encode()
    return pay(command).post(command["path"].lstrip("/"), data=body, verify=command["ca_file"])


def exchange(call, command):
    try:
        value = call(command)
    except WeChatPayException as error:
        return {
            "outcome": "error",
            "err_code": error.errcode,
            "error_class": type(error).__name__,
            "message": str(error),
        }
    except requests.RequestException as error:
        return {"outcome": "error", "error_class": type(error).__name__, "message": str(error)}
    except Exception as error:  # the SDK let something else through
        return {"outcome": "crash", "error_class": type(error).__name__, "message": str(error)}
    if isinstance(value, dict):
        return {"outcome": "ok", "err_code": value.get("err_code"), "fields": value}
    return {"outcome": "ok", "value": value}


def sign(command):
    key = command["key"]
    if command["method"] == "workwx":
        return {"signs": [workwx_sign(fields, key) for fields in command["maps"]]}
    make = calculate_signature if command["method"] == "MD5" else calculate_signature_hmac
    return {"signs": [make(fields, key) for fields in command["maps"]]}


def answer(command):
    if command["op"] == "sign":
        return sign(command)
    return exchange({"query": query, "send": send, "raw": raw}[command["op"]], command)


def main():
    sys.stdin.reconfigure(encoding="utf-8")
    sys.stdout.reconfigure(encoding="utf-8")
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line)), default=str), flush=True)


main()
