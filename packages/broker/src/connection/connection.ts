import type {
  ByteChannel,
  ChannelReceiver,
  DisconnectOptions,
  InProcessOptions,
  OnBehalfOptions,
  Remote,
} from '@carillon/hooks';
import { asError } from '@carillon/hooks/checks';
import {
  type DecodedPublish,
  type DiagnosticProperties,
  isReasonCodeFor,
  type Packet,
  ProtocolError,
  type ProtocolVersion,
  type PublishRun,
  ReasonCode,
  type RunLimits,
  reasonCodeName,
} from '@carillon/protocol';
import type { Engine } from '../engine.ts';
import type { Handshake } from '../handlers/handshake.ts';
import type { Reauthentication } from '../handlers/reauthentication.ts';
import type { FanOut } from '../publishing/fan-out.ts';
import type { Author } from '../publishing/message-in-bytes.ts';
import { hostPublisher, type Publisher } from '../publishing/publishing.ts';
import type { Copy, DirectLine } from '../routing/subscription.ts';
import { PacketIdSet } from '../session/packet-id-set.ts';
import type { Session } from '../session/session.ts';
import type { Deadline } from '../time/deadlines.ts';
import { answerUnfitConnect } from './answer-unfit-connect.ts';
import type { ConnectedClient } from './connected-client.ts';
import type { ConnectionState } from './connection-state.ts';
import { type ConnectionTerms, termsBeforeConnect } from './connection-terms.ts';
import { InboundAliases } from './inbound-aliases.ts';
import { Intake } from './intake.ts';
import { KeepAlive } from './keep-alive.ts';
import { type Acknowledgement, Sender } from './sender.ts';

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
  /** Set for a plugin of this process, which is trusted. */
  readonly inProcess: InProcessOptions | undefined;
  /** Set for a client that a plugin of this process speaks for. It is trusted no more than others. */
  readonly onBehalf: OnBehalfOptions | undefined;
  state: ConnectionState = 'awaiting-connect';
  terms: ConnectionTerms;
  /** Set from CONNECT until CONNACK. */
  handshake: Handshake | undefined = undefined;
  /** Set while the client authenticates anew. */
  reauthentication: Reauthentication | undefined = undefined;
  session: Session | undefined = undefined;
  client: ConnectedClient | undefined = undefined;
  /** In whose name the client publishes; set when it is admitted. */
  publisher: Publisher = hostPublisher;
  /** What its messages say of where they come from; set when it is admitted. */
  author: Author = { publisherId: '', origin: 'client', mountPoint: '' };
  /** Milliseconds since 1970: when the bytes at hand came. One look at the clock serves all packets of a chunk. */
  arrivedAt = 0;
  inboundAliases = InboundAliases.none;
  /** Packet identifiers of QoS 2 messages that count against the client's window on this connection. */
  readonly countedIds = new PacketIdSet();
  /** QoS 1 messages from the client that are not acknowledged yet. */
  unacknowledgedQoS1 = 0;
  /** Acknowledgements that wait for the store; later ones queue up behind them. [MQTT-4.6.0-2] */
  heldAcknowledgements = 0;
  /** QoS 1 and 2 messages to the client that are not finished on this connection. */
  unfinished = 0;
  readonly #channel: ByteChannel;
  readonly #intake: Intake;
  readonly #sender: Sender;
  readonly #keepAlive: KeepAlive;
  /** Until CONNACK: the time to connect. Afterwards: the time a slow reader has left. Most are none. */
  #patience: Deadline | undefined = undefined;
  #credentialsExpiry: Deadline | undefined = undefined;
  #unsentAtLastLook = 0;
  /** Nothing more can be sent or will come; what came before may still be in work. */
  #channelIsGone = false;

  constructor(
    engine: Engine,
    channel: ByteChannel,
    remote: Remote,
    plugin: { inProcess?: InProcessOptions; onBehalf?: OnBehalfOptions | undefined } = {},
  ) {
    const { limits } = engine.options;
    this.engine = engine;
    this.remote = remote;
    this.inProcess = plugin.inProcess;
    this.onBehalf = plugin.onBehalf;
    this.terms = termsBeforeConnect(limits.maximumConnectBytes);
    this.#channel = channel;
    this.#intake = new Intake(engine, this, channel);
    this.#sender = new Sender(engine, this, channel);
    this.#keepAlive = new KeepAlive(engine, this);
    this.#bePatientFor(limits.connectTimeout);
  }

  // --- what the handlers ask

  get isOpen(): boolean {
    return this.state !== 'closing' && this.state !== 'closed';
  }

  /** CONNACK 0 has left, and nothing ended the connection since. */
  get isReady(): boolean {
    return this.state === 'connected';
  }

  /** What the client may have unfinished. [MQTT-3.3.4-9] */
  get sendQuota(): number {
    return this.terms.clientReceiveMaximum;
  }

  /** The client does not take what it is sent: QoS 0 is dropped, the rest waits in the session. */
  get isCongested(): boolean {
    return this.#sender.isCongested;
  }

  /** Known from the level byte of CONNECT on. */
  get protocolVersion() {
    return this.#intake.protocolVersion;
  }

  /** The CONNECT was accepted on these terms. */
  agree(terms: ConnectionTerms): void {
    this.terms = terms;
    this.#intake.limitPacketSize(terms.maximumPacketSize);
    if (terms.topicAliasMaximum > 0) this.inboundAliases = new InboundAliases(terms.topicAliasMaximum);
    this.#sender.allowAliases(terms.clientTopicAliasMaximum);
  }

  /** CONNACK 0 leaves: from here on the client is connected. */
  becomeConnected(): void {
    this.state = 'connected';
    this.handshake = undefined;
    this.#beCalm();
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
    if (this.isOpen) this.#sender.send(packet);
  }

  /** Sends bytes that are a whole packet already. */
  sendBytes(bytes: Uint8Array): void {
    if (this.isOpen) this.#sender.sendBytes(bytes);
  }

  /** Sends PUBACK, PUBREC, PUBREL or PUBCOMP. */
  acknowledge(
    type: Acknowledgement,
    packetId: number,
    reasonCode: number,
    properties?: DiagnosticProperties,
  ): void {
    if (this.isOpen) this.#sender.acknowledge(type, packetId, reasonCode, properties);
  }

  /** Sends a message; false when it is larger than the client takes, and nothing was sent. [MQTT-3.1.2-24] */
  publish(copy: Copy, packetId: number, dup: boolean, fanOut: FanOut | undefined): boolean {
    return this.#sender.publish(copy, packetId, dup, fanOut);
  }

  /** Where packets from clients of this version may go as they came. */
  directLine(version: ProtocolVersion): DirectLine | undefined {
    return this.#sender.directLine(version);
  }

  /** Sends packets of QoS 1 under identifiers of their own. */
  publishRun(run: PublishRun, packetIds: readonly number[]): void {
    this.#sender.publishRun(run, packetIds);
  }

  /** Sends PUBACKs for packets that came in a run. */
  acknowledgeRun(run: PublishRun): void {
    if (this.isOpen) this.#sender.acknowledgeRun(run);
  }

  /** A client that does not read is not read from either, and has only so much time to take anything at all. */
  becameCongested(): void {
    if (!this.isReady || this.#patience !== undefined) return;
    this.#intake.pause();
    this.#unsentAtLastLook = this.#channel.unsentBytes;
    this.#bePatientFor(this.engine.options.limits.stalledOutputTimeout);
  }

  #bePatientFor(milliseconds: number): void {
    this.#patience ??= this.engine.deadlines.create(() => this.#lostPatience());
    this.#patience.setIn(milliseconds);
  }

  #beCalm(): void {
    this.#patience?.cancel();
    this.#patience = undefined;
  }

  /** The time that this state of the connection may take is over. */
  #lostPatience(): void {
    switch (this.state) {
      case 'awaiting-connect':
      case 'authenticating':
        this.#refuseLateConnect();
        return;
      case 'connected':
        this.#giveUpSlowReader();
        return;
      case 'closing':
        this.#channel.destroy();
        return;
      case 'closed':
        return;
    }
  }

  #refuseLateConnect(): void {
    const reason = 'no CONNECT was accepted in time';
    this.tellRefused('connection', ReasonCode.ServerUnavailable, reason, 'limit:connectTimeout');
    this.refuseConnect(ReasonCode.ServerUnavailable, reason);
  }

  /** Ends the connection before CONNACK 0: by another CONNACK when a CONNECT was read, in silence otherwise. */
  refuseConnect(reasonCode: number, reason: string): void {
    if (this.handshake === undefined) this.close();
    else this.handshake.refuse(reasonCode, reason);
  }

  #giveUpSlowReader(): void {
    const unsent = this.#channel.unsentBytes;
    if (unsent < this.#unsentAtLastLook) {
      this.#unsentAtLastLook = unsent;
      this.#bePatientFor(this.engine.options.limits.stalledOutputTimeout);
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

  // --- receiving

  received(chunk: Uint8Array): void {
    if (this.isOpen) this.#intake.received(chunk);
  }

  /** Whether the PUBLISH at hand may be repeated by what came with it. */
  mayBeRepeated(packet: DecodedPublish): boolean {
    return this.#intake.mayBeRepeated(packet);
  }

  /** Takes what repeats the PUBLISH at hand in all but payload and identifier, within limits; gives it with them. */
  takeRepeats(packet: DecodedPublish, limits: RunLimits): PublishRun | undefined {
    return this.#intake.takeRepeats(packet, limits);
  }

  /** Takes the PUBACKs of success that came next, and gives their identifiers. */
  takePubacks(): readonly number[] {
    return this.#intake.takePubacks();
  }

  drained(): void {
    if (this.isReady) this.#beCalm();
    this.#intake.resume();
    this.session?.usedOutbox?.pump();
  }

  closed(error?: Error): void {
    this.#channelIsGone = true;
    // A client may send DISCONNECT behind what a hook still thinks about, and go.
    if (error === undefined && this.isReady)
      this.#intake.finishWork(() => this.#goneBy('the connection was closed'));
    else this.#goneBy(error?.message ?? 'the connection was closed');
  }

  /** The channel threw: whoever else has output in this turn is not to lose it. */
  transportFailed(error: unknown): void {
    this.engine.logger.warn({ err: error, remote: this.remote.address }, 'a transport failed');
    this.closed(asError(error));
    this.#channel.destroy();
  }

  #goneBy(reason: string): void {
    this.finish({ by: 'network', reasonCode: 0, reason, willIsDue: true });
    this.#leave();
  }

  /** Nothing is left of it. */
  #leave(): void {
    this.state = 'closed';
    this.#beCalm();
    this.engine.connections.remove(this);
  }

  /** The client is not being read from. */
  get isPaused(): boolean {
    return this.#intake.isPaused;
  }

  keepAliveRanOut(): void {
    this.terminate(ReasonCode.KeepAliveTimeout, 'nothing was heard for 1.5 times the Keep Alive');
  }

  /** A whole packet came. */
  packetCame(): void {
    this.#keepAlive.packetCame();
  }

  // --- ends

  /** Handling a packet went wrong, by the peer's fault or by ours. */
  fail(error: unknown): void {
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
    if (this.isReady) this.terminate(codeThatFits('disconnect', fault), fault.message);
    else if (this.handshake !== undefined) {
      this.handshake.refuse(codeThatFits('connack', fault), fault.message);
    } else {
      answerUnfitConnect(this, fault);
      this.close();
    }
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
    this.#intake.stop();
    this.#bePatientFor(this.engine.options.limits.stalledOutputTimeout);
    this.#leaveSession(end.willIsDue);
    this.#sender.mark();
    const { client } = this;
    if (wasConnected && client !== undefined) this.#tellDisconnected(client, end);
    if (this.#channelIsGone) this.#leave();
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

/** What came may be wrong in a way that the answer has no code for: CONNECT of an unknown version, sent late. */
function codeThatFits(answer: 'connack' | 'disconnect', { reasonCode }: ProtocolError): number {
  return isReasonCodeFor(answer, reasonCode) ? reasonCode : ReasonCode.ProtocolError;
}
