import type { ByteChannel, ChannelReceiver, DisconnectOptions, Remote } from '@carillon/hooks';
import {
  type DiagnosticProperties,
  type Packet,
  PacketReader,
  ProtocolError,
  ReasonCode,
  reasonCodeName,
} from '@carillon/protocol';
import type { Engine } from '../engine.ts';
import { dispatch } from '../handlers/dispatch.ts';
import type { Handshake } from '../handlers/handshake.ts';
import type { Reauthentication } from '../handlers/reauthentication.ts';
import type { FanOut } from '../publishing/fan-out.ts';
import { encodeFrame, type PublishFrame } from '../publishing/publish-frame.ts';
import type { Publisher } from '../publishing/publishing.ts';
import type { Copy } from '../routing/subscription.ts';
import type { Session } from '../session/session.ts';
import type { Deadline } from '../time/deadlines.ts';
import { isPromise } from '../when-done.ts';
import type { ConnectedClient } from './connected-client.ts';
import type { ConnectionState } from './connection-state.ts';
import { type ConnectionTerms, termsBeforeConnect } from './connection-terms.ts';
import { fitPacket } from './fit-packet.ts';
import { InboundAliases } from './inbound-aliases.ts';
import { KeepAlive } from './keep-alive.ts';
import { asSeenBy } from './mount-point.ts';
import { OutboundAliases } from './outbound-aliases.ts';
import { Output } from './output.ts';
import { ReadAhead } from './read-ahead.ts';

/** More than this gathered in a turn leaves at once: the socket can work while the rest is made. */
const flushEarlyBytes = 64 * 1024;

const firstBytes = { puback: 0x40, pubrec: 0x50, pubrel: 0x62, pubcomp: 0x70 } as const;

type Acknowledgement = keyof typeof firstBytes;

/** Who ended a connection, and why. */
export interface ConnectionEnd {
  readonly by: 'client' | 'broker' | 'network';
  readonly reasonCode: number;
  readonly reason: string;
  /** False after DISCONNECT 0x00: the Will is not sent. */
  readonly willIsDue: boolean;
}

/**
 * One connection: chunks in, packets to their handlers, packets out. It knows the state of the conversation;
 * what is said in it belongs to the handlers.
 */
export class Connection implements ChannelReceiver {
  readonly engine: Engine;
  readonly remote: Remote;
  state: ConnectionState = 'awaiting-connect';
  terms: ConnectionTerms;
  /** Set from CONNECT until CONNACK. */
  handshake: Handshake | undefined = undefined;
  /** Set while the client authenticates anew. */
  reauthentication: Reauthentication | undefined = undefined;
  session: Session | undefined = undefined;
  client: ConnectedClient | undefined = undefined;
  inboundAliases = new InboundAliases(0);
  #outboundAliases = new OutboundAliases(0);
  /** Packet identifiers of QoS 2 messages that count against the client's window on this connection. */
  readonly countedIds = new Set<number>();
  /** QoS 1 messages from the client that are not acknowledged yet. */
  unacknowledgedQoS1 = 0;
  /** Acknowledgements that wait for the store; later ones queue up behind them. [MQTT-4.6.0-2] */
  heldAcknowledgements = 0;
  /** QoS 1 and 2 messages to the client that are not finished on this connection. */
  unfinished = 0;
  readonly #channel: ByteChannel;
  readonly #reader: PacketReader;
  readonly #output: Output;
  readonly #keepAlive: KeepAlive;
  readonly #ahead = new ReadAhead();
  /** Until CONNACK: the time to connect. Afterwards: the time a slow reader has left. */
  readonly #patience: Deadline;
  #credentialsExpiry: Deadline | undefined = undefined;
  /** A handler awaits something: later packets wait. */
  #isBusy = false;
  #isMarked = false;
  #isPaused = false;
  #unsentAtLastLook = 0;

  constructor(engine: Engine, channel: ByteChannel, remote: Remote) {
    const { limits } = engine.options;
    this.engine = engine;
    this.remote = remote;
    this.terms = termsBeforeConnect(limits.maximumConnectBytes);
    this.#channel = channel;
    this.#reader = new PacketReader({
      maximumPacketSize: limits.maximumConnectBytes,
      topicCache: engine.topicCache,
    });
    this.#output = new Output(engine.buffers, channel);
    this.#keepAlive = new KeepAlive(engine, {
      isPaused: () => this.#isPaused,
      timedOut: () =>
        this.terminate(ReasonCode.KeepAliveTimeout, 'nothing was heard for 1.5 times the Keep Alive'),
    });
    this.#patience = engine.deadlines.create(() => this.#lostPatience());
    this.#patience.setIn(limits.connectTimeout);
  }

  // --- what the handlers ask

  get isOpen(): boolean {
    return this.state !== 'closing' && this.state !== 'closed';
  }

  /** CONNACK 0 has left, and nothing ended the connection since. */
  get isReady(): boolean {
    return this.state === 'connected';
  }

  /** In whose name the client publishes. */
  get publisher(): Publisher {
    return { view: this.client, permissions: this.session?.permissions, mustBeAuthorized: true };
  }

  /** What the client may have unfinished. [MQTT-3.3.4-9] */
  get sendQuota(): number {
    return this.terms.clientReceiveMaximum;
  }

  /** The client does not take what it is sent: QoS 0 is dropped, the rest waits in the session. */
  get isCongested(): boolean {
    const unsent = this.#output.pendingBytes + this.#channel.unsentBytes;
    return unsent > this.engine.options.limits.maximumOutputBytes;
  }

  /** Known from the level byte of CONNECT on. */
  get protocolVersion() {
    return this.#reader.protocolVersion;
  }

  /** The CONNECT was accepted on these terms. */
  agree(terms: ConnectionTerms): void {
    this.terms = terms;
    this.#reader.maximumPacketSize = terms.maximumPacketSize;
    this.inboundAliases = new InboundAliases(terms.topicAliasMaximum);
    const { outboundTopicAliasMaximum } = this.engine.options.limits;
    this.#outboundAliases = new OutboundAliases(
      Math.min(terms.clientTopicAliasMaximum, outboundTopicAliasMaximum),
    );
  }

  /** CONNACK 0 leaves: from here on the client is connected. */
  becomeConnected(): void {
    this.state = 'connected';
    this.handshake = undefined;
    this.#patience.cancel();
    this.#keepAlive.start(this.terms.keepAlive);
  }

  /** What authentication granted ends at this instant (milliseconds since 1970), unless it is renewed. */
  expireCredentialsAt(instant: number | undefined): void {
    this.#credentialsExpiry?.cancel();
    if (instant === undefined) return;
    this.#credentialsExpiry ??= this.engine.deadlines.create(() =>
      this.terminate(ReasonCode.NotAuthorized, 'the authentication has expired'),
    );
    this.#credentialsExpiry.setIn(instant - this.engine.now());
  }

  // --- sending

  /** Sends a packet, shortened to what the client takes; ends the connection when even that is too much. */
  send(packet: Packet): void {
    if (!this.isOpen) return;
    const fitting = fitPacket(packet, this.terms);
    if (fitting === undefined) {
      this.finish({
        by: 'broker',
        reasonCode: ReasonCode.PacketTooLarge,
        reason: `a ${packet.type.toUpperCase()} for the client is larger than it takes`,
        willIsDue: true,
      });
      return;
    }
    this.#output.appendPacket(fitting, this.terms.version);
    this.engine.counters.messagesSent++;
    this.#mark();
  }

  /** Sends PUBACK, PUBREC, PUBREL or PUBCOMP. Before MQTT 5.0 they carry nothing but the identifier. */
  acknowledge(
    type: Acknowledgement,
    packetId: number,
    reasonCode: number,
    properties?: DiagnosticProperties,
  ): void {
    if (!this.isOpen) return;
    if (this.terms.version === 5 && (reasonCode !== 0 || properties !== undefined)) {
      this.send({ type, packetId, reasonCode, properties: properties ?? {} });
      return;
    }
    this.#output.appendShortAcknowledgement(firstBytes[type], packetId);
    this.engine.counters.messagesSent++;
    this.#mark();
  }

  /** Sends a message; false when it is larger than the client takes, and nothing was sent. [MQTT-3.1.2-24] */
  publish(copy: Copy, packetId: number, dup: boolean, fanOut: FanOut | undefined): boolean {
    const message = asSeenBy(copy.message, this.session?.mountPoint ?? '');
    const { topic } = message;
    const alias = this.terms.clientTopicAliasMaximum === 0 ? undefined : this.#outboundAliases.propose(topic);
    const layout = {
      version: this.terms.version,
      qos: copy.qos,
      retain: copy.retain,
      dup,
      subscriptionIdentifiers: this.terms.version === 5 ? copy.subscriptionIdentifiers : [],
      topic: alias?.isKnown === true ? '' : topic,
      topicAlias: alias?.alias,
    };
    const frame =
      fanOut === undefined
        ? encodeFrame(message, layout, this.engine.now())
        : fanOut.frames.frameFor(message, layout);
    if (frame.length > this.terms.clientMaximumPacketSize) return false;
    if (alias !== undefined && !alias.isKnown) this.#outboundAliases.settle(topic, alias);
    this.#appendFrame(frame, packetId);
    const { delivered } = this.engine.hooks.slots;
    if (delivered !== null) {
      delivered({
        message: copy.message,
        clientId: this.session?.clientId ?? '',
        qos: copy.qos,
        packetId,
        dup,
      });
    }
    return true;
  }

  #appendFrame(frame: PublishFrame, packetId: number): void {
    if (frame.packetIdAt === -1) this.#output.append(frame.bytes);
    else this.#output.appendWithPacketId(frame.bytes, frame.packetIdAt, packetId);
    if (frame.payload !== undefined) this.#output.appendByReference(frame.payload);
    const { counters } = this.engine;
    counters.messagesSent++;
    counters.publishSent++;
    counters.publishBytesSent += frame.length;
    this.#mark();
    if (this.#output.pendingBytes >= flushEarlyBytes) this.#write();
  }

  /** The end of the turn: everything gathered leaves in one write. */
  flush(): void {
    this.#isMarked = false;
    this.#write();
    if (this.state === 'closing') this.#channel.end();
  }

  #mark(): void {
    if (this.#isMarked) return;
    this.#isMarked = true;
    this.engine.turn.mark(this);
  }

  #write(): void {
    if (this.state === 'closed') return;
    this.engine.counters.bytesSent += this.#output.flush();
    if (this.isReady && this.isCongested && !this.#patience.isSet) this.#startLosingPatience();
  }

  /** A client that does not read is not read from either, and has only so much time to take anything at all. */
  #startLosingPatience(): void {
    this.#pause();
    this.#unsentAtLastLook = this.#channel.unsentBytes;
    this.#patience.setIn(this.engine.options.limits.stalledOutputTimeout);
  }

  #lostPatience(): void {
    if (this.state === 'closing') {
      this.#channel.destroy();
      return;
    }
    if (!this.isReady) {
      this.#refuseLateConnect();
      return;
    }
    const unsent = this.#channel.unsentBytes;
    if (unsent < this.#unsentAtLastLook) {
      this.#unsentAtLastLook = unsent;
      this.#patience.setIn(this.engine.options.limits.stalledOutputTimeout);
      return;
    }
    this.finish({
      by: 'broker',
      reasonCode: ReasonCode.UnspecifiedError,
      reason: 'the client took nothing of what it was sent for too long',
      willIsDue: true,
    });
    this.#channel.destroy();
  }

  #refuseLateConnect(): void {
    this.tellRefused(
      'connection',
      ReasonCode.ServerUnavailable,
      'no accepted CONNECT in time',
      'limit:connectTimeout',
    );
    if (this.handshake === undefined) this.close();
    else this.handshake.refuse(ReasonCode.ServerUnavailable, 'authentication took too long');
  }

  // --- receiving

  received(chunk: Uint8Array): void {
    if (!this.isOpen) return;
    this.engine.counters.bytesReceived += chunk.length;
    this.#reader.feed(chunk);
    if (this.#isBusy) this.#readAhead();
    else this.#work();
  }

  drained(): void {
    if (this.isReady) this.#patience.cancel();
    this.#resume();
    this.session?.outbox.pump();
  }

  closed(error?: Error): void {
    if (this.state === 'closed') return;
    this.finish({
      by: 'network',
      reasonCode: 0,
      reason: error === undefined ? 'the connection was closed' : error.message,
      willIsDue: true,
    });
    this.state = 'closed';
    this.#patience.cancel();
    this.engine.connections.remove(this);
  }

  /** Handles packets in order until bytes run short, a handler has to wait, or the connection ends. */
  #work(): void {
    try {
      while (!this.#isBusy && this.isOpen) {
        const packet = this.#ahead.take() ?? this.#reader.next();
        if (packet === undefined) break;
        this.#handle(packet);
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#resumeWhenThereIsRoom();
  }

  #handle(packet: Packet): void {
    this.#keepAlive.packetCame();
    this.engine.counters.messagesReceived++;
    const pending = dispatch(this, packet);
    if (!isPromise(pending)) return;
    this.#isBusy = true;
    pending.then(
      () => {
        this.#isBusy = false;
        this.#work();
      },
      (error: unknown) => {
        this.#isBusy = false;
        this.#fail(error);
      },
    );
    this.#readAhead();
  }

  /** While a handler waits: PINGREQ is answered, the rest is kept in order, and reading stops when that is a lot. */
  #readAhead(): void {
    if (!this.isReady) {
      this.#checkConnectBytes();
      return;
    }
    const { maximumWaitingPackets } = this.engine.options.limits;
    while (this.#ahead.fault === undefined) {
      if (this.#ahead.length >= maximumWaitingPackets) {
        this.#pause();
        return;
      }
      const packet = this.#ahead.read(this.#reader);
      if (packet === undefined) return;
      this.#keepAlive.packetCame();
      if (packet.type === 'pingreq') this.send({ type: 'pingresp' });
      else this.#ahead.put(packet);
    }
  }

  /** What is sent along with CONNECT waits for CONNACK, but not without limit. */
  #checkConnectBytes(): void {
    const { maximumConnectBytes } = this.engine.options.limits;
    if (this.#reader.bufferedBytes <= maximumConnectBytes) return;
    const reason = `more than ${maximumConnectBytes} bytes were sent before CONNACK`;
    this.tellRefused('connect', ReasonCode.QuotaExceeded, reason, 'limit:maximumConnectBytes');
    if (this.handshake === undefined) this.close();
    else this.handshake.refuse(ReasonCode.QuotaExceeded, reason);
  }

  #pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#channel.pause();
  }

  #resume(): void {
    if (!this.#isPaused || this.isCongested) return;
    this.#isPaused = false;
    this.#keepAlive.packetCame();
    this.#channel.resume();
  }

  #resumeWhenThereIsRoom(): void {
    if (this.#isPaused && !this.#isBusy) this.#resume();
  }

  // --- ends

  #fail(error: unknown): void {
    if (!this.isOpen) return;
    if (error instanceof ProtocolError) {
      this.#refuseFaultyPeer(error);
      return;
    }
    this.engine.logger.error({ err: error, clientId: this.session?.clientId }, 'handling a packet failed');
    const reason = 'the broker failed to handle a packet';
    if (this.handshake !== undefined) this.handshake.refuse(ReasonCode.ImplementationSpecificError, reason);
    else if (this.isReady) this.terminate(ReasonCode.ImplementationSpecificError, reason);
    else this.close();
  }

  #refuseFaultyPeer(fault: ProtocolError): void {
    this.tellRefused('packet', fault.reasonCode, fault.message, fault.rule);
    if (this.isReady) this.terminate(fault.reasonCode, fault.message);
    else if (this.handshake !== undefined) this.handshake.refuse(fault.reasonCode, fault.message);
    else this.#answerUnfitConnect(fault);
  }

  /** A CONNECT that cannot be read: MQTT 5.0 may be told why, MQTT 3 only that the version is unknown. */
  #answerUnfitConnect(fault: ProtocolError): void {
    const unknown = fault.unsupportedVersion;
    if (unknown !== undefined) {
      const { protocolName, protocolLevel = 0 } = unknown;
      if (protocolName === 'MQTT' && protocolLevel > 5) this.#sendConnack(5, fault);
      else if (protocolName === 'MQTT' || protocolName === 'MQIsdp') {
        this.#output.append(unacceptableVersion);
        this.#mark();
      }
    } else if (this.#reader.protocolVersion === 5 && fault.rule !== 'MQTT-3.1.0-1') {
      this.#sendConnack(5, fault);
    }
    this.close();
  }

  #sendConnack(version: 5, { reasonCode, message }: ProtocolError): void {
    this.terms = { ...this.terms, version };
    this.send({ type: 'connack', sessionPresent: false, reasonCode, properties: { reasonString: message } });
  }

  /** Ends a connected client's connection: DISCONNECT with the reason where MQTT 5.0 is spoken, then the close. */
  terminate(reasonCode: number, reason: string, options: DisconnectOptions = {}): void {
    if (!this.isOpen) return;
    if (this.isReady && this.terms.version === 5) {
      const { userProperties, serverReference } = options;
      this.send({
        type: 'disconnect',
        reasonCode,
        properties: {
          reasonString: options.reasonString ?? reason,
          ...(userProperties === undefined ? {} : { userProperties }),
          ...(serverReference === undefined ? {} : { serverReference }),
        },
      });
    }
    this.finish({ by: 'broker', reasonCode, reason, willIsDue: true });
  }

  /** Closes without a word: what was written still leaves. */
  close(): void {
    if (!this.isOpen) return;
    this.finish({ by: 'broker', reasonCode: 0, reason: 'closed', willIsDue: true });
  }

  /** Whoever ended it, this is the end: the session is left, and the channel closes when everything is written. */
  finish(end: ConnectionEnd): void {
    if (!this.isOpen) return;
    const wasConnected = this.isReady;
    this.state = 'closing';
    this.handshake = undefined;
    this.reauthentication = undefined;
    this.#keepAlive.stop();
    this.#credentialsExpiry?.cancel();
    this.#ahead.clear();
    this.#patience.setIn(this.engine.options.limits.stalledOutputTimeout);
    this.#leaveSession(end.willIsDue);
    this.#mark();
    const { client } = this;
    if (wasConnected && client !== undefined) this.#tellDisconnected(client, end);
  }

  /** Cuts the connection off, whatever was still to be sent. */
  destroy(): void {
    this.#channel.destroy();
  }

  #leaveSession(willIsDue: boolean): void {
    const { session } = this;
    if (session?.connection === this) this.engine.sessions.connectionEnded(session, willIsDue);
  }

  #tellDisconnected(client: ConnectedClient, end: ConnectionEnd): void {
    const { by, reasonCode, reason } = end;
    this.engine.logger.debug({ clientId: client.id, by, reasonCode, reason }, 'client disconnected');
    this.engine.hooks.slots.disconnected?.({ client, by, reasonCode, reason });
  }

  tellRefused(
    what: 'connection' | 'connect' | 'publish' | 'subscribe' | 'unsubscribe' | 'authentication' | 'packet',
    reasonCode: number,
    reason: string,
    by: string,
    topic?: string,
  ): void {
    const { refused } = this.engine.hooks.slots;
    const clientId = this.session?.clientId ?? this.handshake?.clientId;
    const { remote } = this;
    const name = reasonCodeName(reasonCode);
    this.engine.logger.debug({ what, reasonCode, name, reason, by, clientId, topic }, 'refused');
    refused?.({ what, reasonCode, reason, by, clientId, remote, topic });
  }
}

/** CONNACK 0x01 as MQTT 3.1.1 has it. [MQTT-3.1.2-2] */
const unacceptableVersion = new Uint8Array([0x20, 0x02, 0x00, 0x01]);
