import { describe, expect, it } from 'vitest';
import { bytes, readerFor, takeAll } from './reading.ts';

describe('PUBACKs in a row', () => {
  it('are taken by their identifiers alone', () => {
    const reader = readerFor(4);
    reader.feed(bytes(0x40, 2, 0, 7, 0x40, 2, 1, 2, 0x40, 2, 0xff, 0xff));
    expect(reader.takePubacks()).toEqual([7, 258, 65_535]);
    expect(reader.bufferedBytes).toBe(0);
    expect(reader.takePubacks()).toEqual([]);
  });

  it('may have a reason code of success and no properties in MQTT 5.0', () => {
    const reader = readerFor(5);
    reader.feed(bytes(0x40, 3, 0, 7, 0, 0x40, 4, 0, 8, 0, 0, 0x40, 2, 0, 9));
    expect(reader.takePubacks()).toEqual([7, 8, 9]);
    expect(takeAll(reader)).toEqual([]);
  });

  it.each([
    ['another packet', 4, bytes(0xc0, 0)],
    ['a reason', 5, bytes(0x40, 3, 0, 9, 0x10)],
    ['properties', 5, bytes(0x40, 8, 0, 9, 0, 4, 0x1f, 0, 1, 'x')],
  ] as const)('end before %s', (_, version, other) => {
    const reader = readerFor(version);
    reader.feed(bytes(0x40, 2, 0, 7, 0x40, 2, 0, 8, other));
    expect(reader.takePubacks()).toEqual([7, 8]);
    expect(reader.bufferedBytes).toBe(other.length);
    expect(takeAll(reader)).toHaveLength(1);
  });

  it.each([
    ['the identifier 0', 5, bytes(0x40, 2, 0, 0)],
    ['no identifier', 5, bytes(0x40, 1, 7)],
    ['flags', 5, bytes(0x41, 2, 0, 7)],
    ['a reason before MQTT 5.0', 4, bytes(0x40, 3, 0, 9, 0)],
    ['an overlong length', 5, bytes(0x40, 0x82, 0, 0, 9)],
    ['a reason that no PUBACK has', 5, bytes(0x40, 3, 0, 9, 0x01)],
  ] as const)('end before one with %s, which is refused as ever', (_, version, bad) => {
    const reader = readerFor(version);
    reader.feed(bytes(0x40, 2, 0, 7, bad));
    expect(reader.takePubacks()).toEqual([7]);
    expect(() => takeAll(reader)).toThrow();
    expect(reader.takePubacks()).toEqual([]);
  });

  it('leave one that is cut to whoever gathers it, at whatever byte', () => {
    const last = bytes(0x40, 4, 0, 9, 0, 0);
    for (let cut = 0; cut < last.length; cut++) {
      const reader = readerFor(5);
      reader.feed(bytes(0x40, 2, 0, 7, last.subarray(0, cut)));
      expect(reader.takePubacks()).toEqual([7]);
      expect(reader.next()).toBeUndefined();
      reader.feed(bytes(last.subarray(cut), 0x40, 2, 0, 10));
      // What is gathered comes first.
      if (cut > 0) {
        expect(reader.takePubacks()).toEqual([]);
        expect(reader.next()).toMatchObject({ type: 'puback', packetId: 9 });
        expect(reader.takePubacks()).toEqual([10]);
      } else expect(reader.takePubacks()).toEqual([9, 10]);
    }
  });
});
