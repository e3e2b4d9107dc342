import { describeWith } from './installed.ts';
import { mosquitto } from './mosquitto.ts';
import { mqttJs } from './mqttjs.ts';
import { pahoPython } from './paho.ts';
import type { Speaker } from './speaker.ts';

const speakers: readonly Speaker[] = [mqttJs, mosquitto, pahoPython];

/** The tests of a feature, once for each foreign client. */
export function withEachSpeaker(body: (speaker: Speaker) => void): void {
  for (const speaker of speakers) describeWith(speaker.tools, speaker.name, () => body(speaker));
}

/** Once for each pair of foreign clients, each with itself too. */
export function withEachPair(body: (publisher: Speaker, subscriber: Speaker) => void): void {
  for (const publisher of speakers) {
    for (const subscriber of speakers) {
      const tools = [...new Set([...publisher.tools, ...subscriber.tools])];
      const name = `from ${publisher.name} to ${subscriber.name}`;
      describeWith(tools, name, () => body(publisher, subscriber));
    }
  }
}
