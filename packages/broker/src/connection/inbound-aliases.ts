import { ProtocolError, ReasonCode } from '@carillon/protocol';

/** The topic aliases a client has set on one connection. [MQTT-3.3.2-7] */
export class InboundAliases {
  readonly #maximum: number;
  #topics: Map<number, string> | undefined = undefined;

  /** For all clients that may set none. */
  static readonly none = new InboundAliases(0);

  /** `maximum` is what CONNACK announced. */
  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  /**
   * The topic of a PUBLISH that carries an alias: its own, which the alias then stands for, or the one the
   * alias stands for. The map is set whatever becomes of the PUBLISH.
   */
  resolve(topic: string, alias: number): string {
    if (alias === 0) {
      throw new ProtocolError(ReasonCode.TopicAliasInvalid, 'MQTT-3.3.2-8', 'Topic Alias 0 is not allowed');
    }
    if (alias > this.#maximum) {
      throw new ProtocolError(
        ReasonCode.TopicAliasInvalid,
        this.#maximum === 0 ? 'MQTT-3.2.2-18' : 'MQTT-3.3.2-9',
        `Topic Alias ${alias} is above the announced maximum of ${this.#maximum}`,
      );
    }
    if (topic !== '') {
      this.#topics ??= new Map();
      this.#topics.set(alias, topic);
      return topic;
    }
    const known = this.#topics?.get(alias);
    if (known === undefined) {
      throw new ProtocolError(
        ReasonCode.ProtocolError,
        '§3.3.4',
        `Topic Alias ${alias} stands for no topic on this connection`,
      );
    }
    return known;
  }
}
