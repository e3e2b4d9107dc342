import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import saslprep from '@mongodb-js/saslprep';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';

const method = 'SCRAM-SHA-256';
/** MQTT.js has no public way to send AUTH. */
const sendPacket = '_sendPacket';

/** The client's side of one login (RFC 5802): `first`, then `final`, then `isServer`. */
class ScramLogin {
  readonly #password: string;
  readonly #bare: string;
  #signature = '';

  constructor(user: string, password: string) {
    const name = saslprep(user).replaceAll('=', '=3D').replaceAll(',', '=2C');
    this.#password = saslprep(password);
    this.#bare = `n=${name},r=${randomBytes(18).toString('base64')}`;
  }

  get first(): Buffer {
    return Buffer.from(`n,,${this.#bare}`);
  }

  /** The proof; throws when the question is not one of this login. */
  final(question: Uint8Array): Buffer {
    const asked = Buffer.from(question).toString();
    const [, nonce = '', salt = '', rounds = ''] = /^r=([^,]+),s=([^,]+),i=(\d+)$/.exec(asked) ?? [];
    const iterations = Number(rounds);
    const own = this.#bare.slice(this.#bare.indexOf('r=') + 2);
    if (!nonce.startsWith(own) || nonce === own || iterations < 4096) throw new Error('not our server');
    const salted = pbkdf2Sync(this.#password, Buffer.from(salt, 'base64'), iterations, 32, 'sha256');
    const clientKey = hmac(salted, 'Client Key');
    const withoutProof = `c=biws,r=${nonce}`;
    const signed = `${this.#bare},${asked},${withoutProof}`;
    const signature = hmac(createHash('sha256').update(clientKey).digest(), signed);
    const proof = Buffer.from(clientKey.map((byte, index) => byte ^ (signature[index] ?? 0)));
    this.#signature = hmac(hmac(salted, 'Server Key'), signed).toString('base64');
    return Buffer.from(`${withoutProof},p=${proof.toString('base64')}`);
  }

  /** Whether the server has proven that it knows the password too. */
  isServer(proof: Uint8Array | undefined): boolean {
    return this.#signature !== '' && Buffer.from(proof ?? []).toString() === `v=${this.#signature}`;
  }
}

function hmac(key: Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/** A client of MQTT.js that proves its password, at every connection anew, and has the broker prove that it knows it. */
export class ScramClient {
  readonly client: MqttClient;
  readonly #newLogin: () => ScramLogin;
  #login: ScramLogin;
  #proven: ((error?: Error) => void) | undefined = undefined;

  constructor(url: string, user: string, password: string, options: IClientOptions = {}) {
    this.#newLogin = () => new ScramLogin(user, password);
    this.#login = this.#newLogin();
    const properties = { ...options.properties, ...this.#properties(this.#login.first) };
    this.client = mqtt.connect(url, { ...options, protocolVersion: 5, manualConnect: true, properties });
    this.client.handleAuth = (packet, answer) => this.#answer(packet, answer);
    this.client.on('connect', ({ properties: { authenticationData } = {} }) =>
      this.#check(authenticationData),
    );
    this.client.on('reconnect', () => {
      this.#login = this.#newLogin();
      Object.assign(this.client.options.properties ?? {}, this.#properties(this.#login.first));
    });
  }

  /** Connects; rejects when the broker refuses, or cannot prove itself. */
  connect(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.client.once('connect', () => resolve());
      this.client.once('error', reject);
      this.client.connect();
    });
  }

  /** Proves the password again, on the connection that is there. */
  reauthenticate(): Promise<void> {
    this.#login = this.#newLogin();
    return new Promise((resolve, reject) => {
      this.#proven = (error) => (error === undefined ? resolve() : reject(error));
      this.client.once('close', () => this.#proven?.(new Error('the broker has ended the connection')));
      const properties = this.#properties(this.#login.first);
      this.client[sendPacket]({ cmd: 'auth', reasonCode: 0x19, properties });
    });
  }

  #answer(...[{ reasonCode, properties }, answer]: Parameters<MqttClient['handleAuth']>): void {
    const data = properties?.authenticationData ?? Buffer.alloc(0);
    if (reasonCode === 0) {
      this.#check(data);
      answer();
      return;
    }
    try {
      const next = this.#properties(this.#login.final(data));
      answer(undefined, { cmd: 'auth', reasonCode: 0x18, properties: next });
    } catch (error) {
      answer(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** A broker that only says yes may be anybody. */
  #check(proof: Uint8Array | undefined): void {
    const isServer = this.#login.isServer(proof);
    const error = isServer ? undefined : new Error('the broker does not know the password');
    this.#proven?.(error);
    if (error === undefined) return;
    this.client.emit('error', error);
    this.client.end(true);
  }

  #properties(authenticationData: Buffer) {
    return { authenticationMethod: method, authenticationData };
  }
}
