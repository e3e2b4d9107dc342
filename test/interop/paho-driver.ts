import { fileURLToPath } from 'node:url';
import { Inbox } from './inbox.ts';
import type { Tool } from './installed.ts';
import { Program } from './program.ts';
import type { Heard, Properties } from './speaker.ts';

/** Debian's Python: another one that comes first on the path does not see Debian's modules. */
const python = '/usr/bin/python3';

export const paho: Tool = {
  name: 'paho-mqtt for Python',
  debianPackage: 'python3-paho-mqtt',
  probe: [python, '-c', 'import paho.mqtt.client'],
};

/** What the driver tells of one client. */
export interface PahoEvent {
  readonly event:
    | 'connected'
    | 'subscribed'
    | 'published'
    | 'unsubscribed'
    | 'disconnected'
    | 'message'
    | 'pong'
    | 'failed';
  readonly code?: number;
  readonly codes?: readonly number[];
  readonly present?: number;
  readonly reason?: string | null;
  readonly assigned?: string | null;
  readonly serverKeepAlive?: number | null;
  readonly what?: string;
}

/** A message as the driver tells it. */
interface ToldMessage {
  readonly topic: string;
  readonly payload: string;
  readonly qos: number;
  readonly retain: boolean;
  readonly properties: PahoProperties;
}

/** Properties under Paho's names. */
export interface PahoProperties {
  readonly PayloadFormatIndicator?: number;
  readonly MessageExpiryInterval?: number;
  readonly ContentType?: string;
  readonly ResponseTopic?: string;
  readonly CorrelationData?: string;
  readonly SubscriptionIdentifier?: readonly number[];
  readonly UserProperty?: readonly (readonly [string, string])[];
}

/** One client inside a driver. */
export class PahoVoice {
  readonly messages = new Inbox<Heard>('a message for Paho');
  readonly pongs = new Inbox<true>('PINGRESP for Paho');
  /** Everything else. */
  readonly events = new Inbox<PahoEvent>('an event of Paho');

  hear(told: PahoEvent & ToldMessage): void {
    if (told.event === 'message') this.messages.push(heard(told));
    else if (told.event === 'pong') this.pongs.push(true);
    else if (told.event === 'failed') this.fail(new Error(`Paho failed: ${told.what}`));
    else this.events.push(told);
  }

  fail(error: Error): void {
    for (const inbox of [this.messages, this.pongs, this.events]) inbox.fail(error);
  }

  /** The next event, which is to be this one. */
  async expect(event: PahoEvent['event']): Promise<PahoEvent> {
    const found = await this.events.next();
    if (found.event !== event) throw new Error(`Paho: expected ${event}, got ${JSON.stringify(found)}`);
    return found;
  }
}

/** A process of Python with Paho in it; it holds any number of clients. */
export class PahoDriver implements AsyncDisposable {
  readonly #program: Program;
  readonly #voices = new Map<string, PahoVoice>();

  constructor() {
    const script = fileURLToPath(new URL('paho_driver.py', import.meta.url));
    this.#program = new Program(python, ['-u', script], (line) => this.#hear(line));
    this.#program.ended().then(
      (code) => this.#fail(new Error(`Paho ended with ${code}: ${this.#program.stderr}`)),
      () => {},
    );
  }

  /** A new client, by whatever name. */
  voice(name: string): PahoVoice {
    const voice = new PahoVoice();
    this.#voices.set(name, voice);
    return voice;
  }

  say(command: { readonly do: string; readonly client: string; readonly [key: string]: unknown }): void {
    this.#program.write(`${JSON.stringify(command)}\n`);
  }

  /** Stops the process where it stands, its connections open. */
  freeze(): void {
    this.#program.signal('SIGSTOP');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }

  #hear(line: string): void {
    const told: PahoEvent & ToldMessage & { client: string } = JSON.parse(line);
    this.#voices.get(told.client)?.hear(told);
  }

  #fail(error: Error): void {
    for (const voice of this.#voices.values()) voice.fail(error);
  }
}

function heard({ topic, payload, qos, retain, properties }: ToldMessage): Heard {
  return { topic, payload: Buffer.from(payload, 'base64'), qos, retain, properties: fromPaho(properties) };
}

function fromPaho(properties: PahoProperties): Properties {
  const { PayloadFormatIndicator, MessageExpiryInterval, ContentType, ResponseTopic } = properties;
  const { CorrelationData, SubscriptionIdentifier, UserProperty } = properties;
  return {
    ...(PayloadFormatIndicator !== undefined && { payloadFormatIndicator: PayloadFormatIndicator }),
    ...(MessageExpiryInterval !== undefined && { messageExpiryInterval: MessageExpiryInterval }),
    ...(ContentType !== undefined && { contentType: ContentType }),
    ...(ResponseTopic !== undefined && { responseTopic: ResponseTopic }),
    ...(CorrelationData !== undefined && { correlationData: CorrelationData }),
    ...(SubscriptionIdentifier !== undefined && { subscriptionIdentifiers: SubscriptionIdentifier }),
    ...(UserProperty !== undefined && { userProperties: UserProperty }),
  };
}

/** Properties under the names that Paho sets them by. */
export function toPaho(properties: Properties): PahoProperties {
  const { payloadFormatIndicator, messageExpiryInterval, contentType, responseTopic } = properties;
  const { correlationData, userProperties } = properties;
  return {
    ...(payloadFormatIndicator !== undefined && { PayloadFormatIndicator: payloadFormatIndicator }),
    ...(messageExpiryInterval !== undefined && { MessageExpiryInterval: messageExpiryInterval }),
    ...(contentType !== undefined && { ContentType: contentType }),
    ...(responseTopic !== undefined && { ResponseTopic: responseTopic }),
    ...(correlationData !== undefined && { CorrelationData: correlationData }),
    ...(userProperties !== undefined && { UserProperty: userProperties }),
  };
}
