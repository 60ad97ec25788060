"""Messages, calls and events as signed JSON posts; how a post is made safe is left to outbound."""

from __future__ import annotations

import json
from base64 import b64encode
from decimal import Decimal
from threading import Timer
from typing import TYPE_CHECKING, Any, NoReturn

from adapters.mail import message_id
from adapters.outbound import Endpoint, Outbound, trust
from adapters.plain_json import plain_json
from engine.core.values import instant
from engine.errors import DeliveryFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from engine.ports import Message

CLOUDEVENT = "application/cloudevents+json"
UNUSED = "whsec_" + b64encode(bytes(32)).decode()
"""Signs nothing: it stands where only an address is looked at."""


class WebhookNotifier:
    """Notifier that posts `{type: message, timestamp, data}`; the webhook-id is the message's, the same at every try."""

    name = "webhook"

    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound

    def address(self, message: Message) -> str | None:  # noqa: ARG002  (the port's signature)
        """Where all messages are posted: nothing of it but its machine."""
        return self._outbound.host

    def deliver(self, message: Message) -> None:
        """The receiver has answered 2xx when this returns."""
        data = {
            "message_id": message.message_id,
            "to": {"id": message.to.id, "name": message.to.name, "email": message.to.email},
            "subject": message.subject,
            "text": message.text,
            "case": {"id": message.case_id, "number": message.case_number, "workflow": message.workflow},
            "template": message.template,
        }
        body = {"type": "message", "timestamp": instant(message.sent_at), "data": data}
        self._outbound.post(_bytes(body), message_id=message_id(message))


class WebhookCaller:
    """Caller whose operations are posts `{operation, key, with}` to one address, answered by a JSON object or nothing."""

    def __init__(self, name: str, outbound: Outbound) -> None:
        self.name = name
        self._outbound = outbound

    def call(self, operation: str, values: Mapping[str, Any], *, key: str) -> Mapping[str, Any]:
        """The answer, numbers with a point as Decimal; an answer that is no JSON object is refused for good."""
        body = {"operation": operation, "key": key, "with": plain_json(values)}
        answer = self._outbound.post(_bytes(body), message_id=key)
        if not answer.strip():
            return {}
        try:
            result = json.loads(answer, parse_float=Decimal, parse_constant=_no_number)
        except (ValueError, RecursionError) as error:
            raise DeliveryFailed(
                f"{self.name}.{operation} did not answer in JSON: {error}", retry_after=None
            ) from error
        if not isinstance(result, dict):
            raise DeliveryFailed(f"{self.name}.{operation} has to answer a JSON object or nothing", retry_after=None)
        return result


class EventWebhooks:
    """EventPost: a CloudEvent a post (structured mode), to whatever public address; `private`: to any, over http too."""

    def __init__(self, *, private: bool, machine_now: Callable[[], datetime], whole_seconds: float = 30.0) -> None:
        self._private, self._now, self._whole_seconds = private, machine_now, whole_seconds
        self._trusted = trust()

    def refusal(self, url: str) -> str | None:
        """What is wrong with an address, or with the machines that it leads to now.

        In the same words for a name that is not there and one that is inside: nobody learns what names there are.
        """
        try:
            self._endpoint(url, UNUSED).address()
        except ValueError as error:
            return str(error)
        except DeliveryFailed as failure:
            return str(failure) if self._private else "leads to no address on the public network"
        return None

    def post(self, url: str, secret: str, body: bytes, message_id: str) -> None:
        """Of the answer only its status counts. Each post has a connection of its own, so strangers share nothing."""
        try:
            endpoint = self._endpoint(url, secret)
        except ValueError as error:  # the settings are others by now
            raise DeliveryFailed(str(error), retry_after=None) from error
        outbound = Outbound(endpoint, machine_now=self._now, trusted=self._trusted)
        end = Timer(self._whole_seconds, outbound.close)  # whoever answers a letter a minute is left after this time
        end.daemon = True
        end.start()
        try:
            outbound.post(body, message_id=message_id, content_type=CLOUDEVENT, answered=False)
        finally:
            end.cancel()
            outbound.close()

    def _endpoint(self, url: str, secret: str) -> Endpoint:
        return Endpoint(url, secret, private=self._private, retry_seconds=0.0)


def _bytes(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")
