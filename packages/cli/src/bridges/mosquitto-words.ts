import type { Credentials } from '@carillon/bridge-mqtt';
import type { BridgeConfiguration, BridgeTlsConfiguration } from './bridge-configuration.ts';
import type { Setting } from './mosquitto-conf.ts';

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
type TextKey = 'clientId' | 'notificationTopic';
type FlagKey = 'cleanStart' | 'roundRobin' | 'notifications' | 'notificationsLocalOnly' | 'bridgeBit';
type NumberKey = 'keepAlive' | 'idleTimeout' | 'maximumPacketSize';
type FileKey = 'caFile' | 'certFile' | 'keyFile';

/** What is noted while a section is read. */
export interface Notes {
  readonly bridge: Mutable<Partial<BridgeConfiguration>>;
  readonly topics: string[];
  readonly tls: Mutable<BridgeTlsConfiguration>;
  readonly credentials: Mutable<Credentials>;
  readonly remarks: string[];
  retain: 'keep' | 'clear';
}

type Reader = (notes: Notes, setting: Setting) => void;

const into = (key: TextKey): Reader => {
  return ({ bridge }, { value }) => {
    bridge[key] = value;
  };
};

const intoFlag = (key: FlagKey): Reader => {
  return ({ bridge }, { value }) => {
    bridge[key] = value === 'true';
  };
};

const intoNumber = (key: NumberKey): Reader => {
  return ({ bridge, remarks }, { word, value, line }) => {
    const number = Number(value);
    if (Number.isInteger(number)) bridge[key] = number;
    else remarks.push(`line ${line}: ${word} ${value} is no number`);
  };
};

const inTls = (key: FileKey): Reader => {
  return ({ tls }, { value }) => {
    tls[key] = value;
  };
};

const inCredentials = (key: 'username' | 'password'): Reader => {
  return ({ credentials }, { value }) => {
    credentials[key] = value;
  };
};

/** It says what is so anyway, or what goes without saying. */
const nothing: Reader = () => {};

const remark = (why: string): Reader => {
  return ({ remarks }, { word, line }) => {
    remarks.push(`line ${line}: ${word} does not carry over: ${why}`);
  };
};

const versions: Readonly<Record<string, 4 | 5>> = { mqttv50: 5, mqttv311: 4 };

/** What becomes of each word of a `connection` section. */
export const mosquittoWords: Readonly<Record<string, Reader>> = {
  address: readAddresses,
  addresses: readAddresses,
  topic: ({ topics }, { value }) => {
    topics.push(value);
  },
  remote_username: inCredentials('username'),
  username: inCredentials('username'),
  remote_password: inCredentials('password'),
  password: inCredentials('password'),
  remote_clientid: into('clientId'),
  clientid: into('clientId'),
  keepalive_interval: intoNumber('keepAlive'),
  idle_timeout: intoNumber('idleTimeout'),
  cleansession: intoFlag('cleanStart'),
  round_robin: intoFlag('roundRobin'),
  notifications: intoFlag('notifications'),
  notifications_local_only: intoFlag('notificationsLocalOnly'),
  notification_topic: into('notificationTopic'),
  try_private: intoFlag('bridgeBit'),
  start_type: ({ bridge, remarks }, { value, line }) => {
    if (value === 'lazy' || value === 'automatic') bridge.start = value;
    else
      remarks.push(`line ${line}: start_type ${value} does not carry over: bridges are added by the program`);
  },
  restart_timeout: readRestartTimeout,
  bridge_protocol_version: ({ bridge, remarks }, { value, line }) => {
    const version = versions[value];
    if (version !== undefined) bridge.protocolVersion = version;
    else remarks.push(`line ${line}: bridge_protocol_version ${value}: 3.1.1 is spoken instead`);
    bridge.protocolVersion ??= 4;
  },
  bridge_max_packet_size: intoNumber('maximumPacketSize'),
  bridge_outgoing_retain: (notes, { value }) => {
    notes.retain = value === 'false' ? 'clear' : 'keep';
  },
  bridge_cafile: inTls('caFile'),
  bridge_certfile: inTls('certFile'),
  bridge_keyfile: inTls('keyFile'),
  bridge_insecure: ({ tls, remarks }, { value, line }) => {
    if (value !== 'true') return;
    tls.rejectUnauthorized = false;
    remarks.push(
      `line ${line}: bridge_insecure leaves out the host name only; here the whole certificate goes unchecked`,
    );
  },
  bridge_alpn: ({ tls }, { value }) => {
    tls.alpnProtocols = [value];
  },
  bridge_require_ocsp: remark('stapled revocation is not looked at'),
  bridge_capath: remark('give one file as tls.caFile'),
  bridge_identity: remark('keys shared beforehand (PSK) are not there'),
  bridge_psk: remark('keys shared beforehand (PSK) are not there'),
  bridge_tls_version: remark('the best version that both sides know is taken'),
  bridge_attempt_unsubscribe: nothing,
  bridge_bind_address: remark('the system chooses the address'),
  bridge_tcp_keepalive: remark('the MQTT keep alive notices a dead line'),
  bridge_tcp_user_timeout: remark('the MQTT keep alive notices a dead line'),
  local_clientid: remark('the session here is called bridge: and the name'),
  local_cleansession: remark('the session here always outlives its connections'),
  local_username: remark('the bridge is not asked here; authorizePublish knows it by its origin'),
  local_password: remark('the bridge is not asked here'),
  threshold: remark('a lazy bridge connects at the first message'),
  bridge_reload_type: remark('bridges are changed by the program'),
};

function readAddresses({ bridge }: Notes, { value }: Setting): void {
  bridge.addresses = value.split(/\s+/);
}

/** `restart_timeout CONSTANT` or `restart_timeout BASE CAP`, in seconds. */
function readRestartTimeout({ bridge, remarks }: Notes, { value, line }: Setting): void {
  const [base = Number.NaN, cap = base] = value.split(/\s+/).map((seconds) => Number(seconds) * 1000);
  if (!Number.isInteger(base) || !Number.isInteger(cap)) {
    remarks.push(`line ${line}: restart_timeout ${value} is not one or two numbers`);
    return;
  }
  bridge.backOff = { minimum: base, maximum: cap };
}
