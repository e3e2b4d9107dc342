/** One `connection` section of a mosquitto.conf: its words as they stand, each with its line. */
export interface ConnectionSection {
  readonly name: string;
  readonly line: number;
  readonly settings: readonly Setting[];
}

/** A line of a mosquitto.conf: a word, and what follows it. */
export interface Setting {
  readonly word: string;
  readonly value: string;
  readonly line: number;
}

/** Reads the `connection` sections. Everything before the first one is not about bridges. */
export function readConnections(text: string): readonly ConnectionSection[] {
  const sections: { name: string; line: number; settings: Setting[] }[] = [];
  for (const [i, raw] of text.split(/\r?\n/).entries()) {
    const content = raw.trim();
    if (content === '' || content.startsWith('#')) continue;
    const [, word = '', value = ''] = /^(\S+)\s*(.*)$/.exec(content) ?? [];
    const line = i + 1;
    if (word === 'connection') sections.push({ name: value, line, settings: [] });
    else sections.at(-1)?.settings.push({ word, value, line });
  }
  return sections;
}
