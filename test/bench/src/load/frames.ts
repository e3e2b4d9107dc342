// The few packets a load needs, encoded before they are sent: 3.1.1 (4) and 5.0 (5).

export type Version = 4 | 5;

/** The first byte of a packet, without its flags. */
export const Packet = {
  connect: 0x10,
  connack: 0x20,
  publish: 0x30,
  puback: 0x40,
  pubrec: 0x50,
  pubrel: 0x60,
  pubcomp: 0x70,
  subscribe: 0x80,
  suback: 0x90,
  pingresp: 0xd0,
  disconnect: 0xe0,
} as const;

export interface ConnectOptions {
  readonly version: Version;
  readonly clientId: string;
  readonly clean: boolean;
  /** Of 5.0: how many aliases the broker may set; absent, none. */
  readonly topicAliasMaximum?: number;
}

/** A session that is kept for a day, as the durable scenarios need it. */
const keptSession = Buffer.of(0x11, 0, 1, 0x51, 0x80);

export function connectFrame({ version, clientId, clean, topicAliasMaximum }: ConnectOptions): Buffer {
  const properties = [
    ...(clean ? [] : [keptSession]),
    ...(topicAliasMaximum === undefined
      ? []
      : [Buffer.of(0x22, topicAliasMaximum >> 8, topicAliasMaximum & 255)]),
  ];
  const flags = clean ? 0x02 : 0x00;
  // Keep alive 0: nothing that is measured is interrupted by a ping.
  const fixed = [text('MQTT'), Buffer.of(version, flags, 0, 0)];
  return frame(Packet.connect, ...fixed, ...propertiesFor(version, properties), text(clientId));
}

export function subscribeFrame(
  version: Version,
  packetId: number,
  filters: readonly string[],
  qos: number,
): Buffer {
  const wishes = filters.flatMap((filter) => [text(filter), Buffer.of(qos)]);
  return frame(0x82, twoBytes(packetId), ...propertiesFor(version, []), ...wishes);
}

export const disconnectFrame = Buffer.of(Packet.disconnect, 0);

/** Bytes of the stamp at the start of each payload: publisher, then sequence, 32 bits each, little-endian. */
export const STAMP_BYTES = 8;

export interface PublishOptions {
  readonly version: Version;
  readonly qos: 0 | 1 | 2;
  readonly retain?: boolean;
  readonly topic: string;
  readonly payloadBytes: number;
  /** Of 5.0: encoded properties, without their length. */
  readonly properties?: Uint8Array;
}

/** A PUBLISH whose packet id and stamp are written anew for each message. */
export interface PublishTemplate {
  readonly bytes: Buffer;
  /** Where the packet id is; -1 at QoS 0. */
  readonly packetIdAt: number;
  /** Where the text of the topic is. */
  readonly topicAt: number;
  readonly stampAt: number;
}

export function publishTemplate(options: PublishOptions): PublishTemplate {
  const { version, qos, retain = false, topic, payloadBytes, properties = Buffer.alloc(0) } = options;
  if (payloadBytes < STAMP_BYTES) throw new RangeError(`a payload holds at least ${STAMP_BYTES} bytes`);
  const payload = Buffer.alloc(payloadBytes, 'carillon ');
  const packetId = qos === 0 ? [] : [twoBytes(0)];
  const bytes = frame(
    Packet.publish | (qos << 1) | (retain ? 1 : 0),
    text(topic),
    ...packetId,
    ...propertiesFor(version, [properties]),
    payload,
  );
  const stampAt = bytes.length - payloadBytes;
  const propertyBytes = version === 5 ? variableLength(properties.length).length + properties.length : 0;
  const topicEnd = stampAt - propertyBytes - (qos === 0 ? 0 : 2);
  return {
    bytes,
    packetIdAt: qos === 0 ? -1 : topicEnd,
    topicAt: topicEnd - Buffer.byteLength(topic),
    stampAt,
  };
}

/** PUBACK, PUBREC, PUBREL or PUBCOMP with success. */
export function writeReply(into: Buffer, at: number, type: number, packetId: number): number {
  into[at] = type === Packet.pubrel ? type | 2 : type;
  into[at + 1] = 2;
  into[at + 2] = packetId >> 8;
  into[at + 3] = packetId & 255;
  return at + 4;
}

export function frame(header: number, ...parts: Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.of(header), variableLength(body.length), body]);
}

export function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([twoBytes(bytes.length), bytes]);
}

function propertiesFor(version: Version, properties: readonly Uint8Array[]): Uint8Array[] {
  if (version === 4) return [];
  const bytes = Buffer.concat(properties);
  return [variableLength(bytes.length), bytes];
}

function twoBytes(value: number): Buffer {
  return Buffer.of(value >> 8, value & 255);
}

function variableLength(length: number): Buffer {
  const bytes: number[] = [];
  let rest = length;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low | 128 : low);
  } while (rest > 0);
  return Buffer.from(bytes);
}
