"""Messages and calls as signed JSON posts; how a post is made safe is left to outbound."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NoReturn

from adapters.mail import message_id
from adapters.plain_json import plain_json
from engine.core.values import instant
from engine.errors import DeliveryFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapters.outbound import Outbound
    from engine.ports import Message


class WebhookNotifier:
    """Notifier that posts `{type: message, timestamp, data}`; the webhook-id is the message's, the same at every try."""

    name = "webhook"

    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound

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


def _bytes(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")
