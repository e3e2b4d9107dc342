"""Speaks MQTT through Eclipse Paho for a test: one JSON object per line in, one per line out.

It holds any number of clients, each under a name. Every command names its client; every event does too.
It ends with its standard input.
"""

import base64
import json
import sys
import threading

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

clients = {}
speaking = threading.Lock()


def tell(name, event, **details):
    line = json.dumps({"client": name, "event": event, **details})
    with speaking:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def code_of(reason):
    """The number of a reason code, which Paho hands over as a number before MQTT 5.0 and as an object since."""
    return getattr(reason, "value", reason)


def codes_of(reasons):
    return [code_of(reason) for reason in reasons] if isinstance(reasons, (list, tuple)) else [code_of(reasons)]


def words_of(properties):
    """What the broker says in a property, where it says something."""
    return {
        "reason": getattr(properties, "ReasonString", None),
        "assigned": getattr(properties, "AssignedClientIdentifier", None),
        "serverKeepAlive": getattr(properties, "ServerKeepAlive", None),
    }


def to_paho(packet, properties):
    made = Properties(packet)
    for name, value in properties.items():
        if name == "CorrelationData":
            made.CorrelationData = value.encode()
        elif name == "UserProperty":
            made.UserProperty = [tuple(pair) for pair in value]
        else:
            setattr(made, name, value)
    return made


def from_paho(properties):
    if properties is None:
        return {}
    names = [
        "PayloadFormatIndicator",
        "MessageExpiryInterval",
        "ContentType",
        "ResponseTopic",
        "SubscriptionIdentifier",
        "UserProperty",
    ]
    known = {name: getattr(properties, name) for name in names if hasattr(properties, name)}
    if hasattr(properties, "CorrelationData"):
        known["CorrelationData"] = properties.CorrelationData.decode()
    return known


def listen_to(name, client, version):
    def on_connect(_client, _data, flags, reason, properties=None):
        tell(name, "connected", code=code_of(reason), present=flags["session present"], **words_of(properties))

    def on_disconnect(_client, _data, reason, properties=None):
        tell(name, "disconnected", code=code_of(reason), **words_of(properties))

    def on_message(_client, _data, message):
        tell(
            name,
            "message",
            topic=message.topic,
            payload=base64.b64encode(message.payload).decode(),
            qos=message.qos,
            retain=bool(message.retain),
            properties=from_paho(message.properties) if version == mqtt.MQTTv5 else {},
        )

    def on_unsubscribe(_client, _data, _packet_id, _properties=None, reasons=()):
        tell(name, "unsubscribed", codes=codes_of(reasons))

    def on_log(_client, _data, _level, text):
        if text.startswith("Received PINGRESP"):
            tell(name, "pong")

    client.on_connect = on_connect
    client.on_disconnect = on_disconnect
    client.on_message = on_message
    client.on_subscribe = lambda _client, _data, _id, reasons, _properties=None: tell(
        name, "subscribed", codes=codes_of(reasons)
    )
    client.on_unsubscribe = on_unsubscribe
    client.on_publish = lambda _client, _data, _packet_id: tell(name, "published")
    client.on_log = on_log


def connect(name, command):
    version = command["version"]
    plain = version != mqtt.MQTTv5
    client = mqtt.Client(
        command["clientId"],
        clean_session=command["clean"] if plain else None,
        protocol=version,
        transport=command["transport"],
        reconnect_on_failure=False,
    )
    listen_to(name, client, version)
    if "authority" in command:
        client.tls_set(ca_certs=command["authority"])
    if command["transport"] == "websockets":
        client.ws_set_options(path=command["path"])
    if "username" in command:
        client.username_pw_set(command["username"], command.get("password"))
    if "will" in command:
        will = command["will"]
        properties = None if plain else to_paho(PacketTypes.WILLMESSAGE, will["properties"])
        payload = base64.b64decode(will["payload"])
        client.will_set(will["topic"], payload, will["qos"], will["retain"], properties)
    clients[name] = client
    more = {} if plain else {
        "clean_start": command["clean"],
        "properties": to_paho(PacketTypes.CONNECT, command["properties"]),
    }
    client.connect(command["host"], command["port"], command["keepAlive"], **more)
    client.loop_start()


def subscribe(name, command):
    client = clients[name]
    if command["version"] == mqtt.MQTTv5:
        client.subscribe(
            [(topic, SubscribeOptions(qos=command["qos"])) for topic in command["filters"]],
            properties=to_paho(PacketTypes.SUBSCRIBE, command["properties"]),
        )
    else:
        client.subscribe([(topic, command["qos"]) for topic in command["filters"]])


def publish(name, command):
    version = command["version"]
    properties = to_paho(PacketTypes.PUBLISH, command["properties"]) if version == mqtt.MQTTv5 else None
    payload = base64.b64decode(command["payload"])
    clients[name].publish(command["topic"], payload, command["qos"], command["retain"], properties)


def unsubscribe(name, command):
    clients[name].unsubscribe(command["filters"])


def disconnect(name, command):
    if "code" in command:
        reason = mqtt.ReasonCodes(PacketTypes.DISCONNECT, identifier=command["code"])
        clients[name].disconnect(reason)
    else:
        clients[name].disconnect()


commands = {
    "connect": connect,
    "subscribe": subscribe,
    "publish": publish,
    "unsubscribe": unsubscribe,
    "disconnect": disconnect,
}

for line in sys.stdin:
    order = json.loads(line)
    try:
        commands[order["do"]](order["client"], order)
    except Exception as problem:  # Whatever it is, the test shall hear of it.
        tell(order["client"], "failed", what=repr(problem))
