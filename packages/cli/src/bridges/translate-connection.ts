import { readTopicLine, type TopicOptions } from '@carillon/bridge-mqtt';
import type { BridgeConfiguration } from './bridge-configuration.ts';
import type { ConnectionSection } from './mosquitto-conf.ts';
import { mosquittoWords, type Notes } from './mosquitto-words.ts';

/** What a `connection` section comes to, and what of it does not carry over. */
export interface TranslatedConnection {
  readonly bridge: BridgeConfiguration;
  readonly remarks: readonly string[];
}

/** Makes a bridge of what a `connection` section says. */
export function translateConnection({ name, line, settings }: ConnectionSection): TranslatedConnection {
  const notes: Notes = { bridge: {}, topics: [], tls: {}, credentials: {}, remarks: [], retain: 'keep' };
  const { bridge, topics, tls, credentials, remarks } = notes;
  for (const setting of settings) {
    const read = Object.hasOwn(mosquittoWords, setting.word) ? mosquittoWords[setting.word] : undefined;
    if (read !== undefined) read(notes, setting);
    else
      remarks.push(
        `line ${setting.line}: ${setting.word} does not carry over: it is not about bridges, or not known`,
      );
  }
  const safeName = name.replaceAll(/[^\w.-]/g, '-').slice(0, 40);
  if (safeName !== name) remarks.unshift(`line ${line}: connection ${name} is called ${safeName}`);
  remarkOnDefaults(notes, name, line);
  return {
    bridge: {
      // Mosquitto waits from 5 to 30 seconds where nothing is said.
      backOff: { minimum: 5000, maximum: 30_000 },
      ...bridge,
      name: safeName,
      addresses: withScheme(bridge.addresses, Object.keys(tls).length > 0),
      topics: notes.retain === 'keep' ? topics : topics.map((topic) => withoutRetain(topic, remarks)),
      ...(Object.keys(credentials).length === 0 ? {} : { credentials }),
      ...(Object.keys(tls).length === 0 ? {} : { tls }),
    },
    remarks,
  };
}

function remarkOnDefaults({ bridge, remarks }: Notes, name: string, line: number): void {
  if (bridge.clientId === undefined) {
    const other = `Mosquitto takes its host's name and "${name}"; the client id will be another, and the session new`;
    remarks.push(`line ${line}: no remote_clientid: ${other}`);
  }
  if (bridge.notificationTopic === undefined && bridge.notifications !== false) {
    const place = 'the state stands at $bridge/CLIENT-ID/state, not below $SYS';
    remarks.push(`line ${line}: no notification_topic: ${place}`);
  }
}

function withScheme(addresses: BridgeConfiguration['addresses'] = [], isTls: boolean): readonly string[] {
  const all = typeof addresses === 'string' ? [addresses] : addresses;
  const scheme = isTls ? 'mqtts' : 'mqtt';
  return all.map((address) => `${scheme}://${address}${/:\d+$/.test(address) ? '' : ':1883'}`);
}

/** A line has no place for what happens to the RETAIN flag. */
function withoutRetain(line: string, remarks: string[]): TopicOptions {
  const topic = readTopicLine(line);
  if (topic.direction === 'in') return topic;
  if (topic.direction === 'both') {
    const why = 'bridge_outgoing_retain is for what goes out; here RETAIN is taken off both ways';
    remarks.push(`topic ${line}: ${why}`);
  }
  return { ...topic, retain: 'clear' };
}
