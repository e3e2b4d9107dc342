import type { UserProperty } from '../packets.ts';
import {
  noProperties,
  type PropertyBag,
  type PropertyDefinition,
  type PropertyOwner,
  propertiesByIdOf,
} from '../properties.ts';
import { ProtocolError } from '../protocol-error.ts';
import { ReasonCode } from '../reason-codes.ts';
import type { Cursor } from './cursor.ts';

const topicAlias = 0x23;

/** The properties that stand at the cursor, their length first. */
export function decodeProperties(cursor: Cursor, owner: PropertyOwner): PropertyBag {
  const length = cursor.variableByteInteger('Property Length');
  if (length === 0) return noProperties;
  const packetEnd = cursor.end;
  const end = cursor.at + length;
  if (end > packetEnd) throw cursor.truncated('properties');

  const definitions = propertiesByIdOf(owner);
  const properties: PropertyBag = {};
  const lists: Lists = { userProperties: undefined, subscriptionIdentifiers: undefined };
  cursor.end = end; // A property may not reach past the others' end.
  while (cursor.at < end) {
    const id = cursor.variableByteInteger('property identifier');
    const definition = definitions[id];
    if (definition === undefined) throw notAllowed(id, owner);
    if (id === topicAlias) cursor.topicAliasAt = cursor.at;
    decodeProperty(cursor, definition, owner, properties, lists);
  }
  cursor.end = packetEnd;
  if (lists.userProperties !== undefined) properties.userProperties = lists.userProperties;
  if (lists.subscriptionIdentifiers !== undefined) {
    properties.subscriptionIdentifiers = lists.subscriptionIdentifiers;
  }
  return properties;
}

/** What may repeat is gathered here first. */
interface Lists {
  userProperties: UserProperty[] | undefined;
  subscriptionIdentifiers: number[] | undefined;
}

function decodeProperty(
  cursor: Cursor,
  definition: PropertyDefinition,
  owner: PropertyOwner,
  properties: PropertyBag,
  lists: Lists,
): void {
  const name = definition.name;
  if (properties[name] !== undefined)
    throw refused(definition, owner, 'occurs twice', ReasonCode.ProtocolError);
  switch (definition.type) {
    case 'flag': {
      const value = cursor.byte(name);
      if (value !== 0 && value !== 1) {
        throw refused(definition, owner, `is ${value}`, ReasonCode.ProtocolError);
      }
      properties[definition.name] = value;
      return;
    }
    case 'twoBytes':
    case 'fourBytes':
    case 'variable': {
      const value = readNumber(cursor, definition.type, name);
      if (value < definition.minimum) throw refused(definition, owner, `is ${value}`, definition.refusal);
      properties[definition.name] = value;
      return;
    }
    case 'string':
      properties[definition.name] = cursor.string(name);
      return;
    case 'binary':
      properties[definition.name] = cursor.binary(name);
      return;
    case 'userProperties': {
      const pair: UserProperty = [cursor.string('user property name'), cursor.string('user property value')];
      if (lists.userProperties === undefined) lists.userProperties = [pair];
      else lists.userProperties.push(pair);
      return;
    }
    case 'subscriptionIdentifiers': {
      const value = cursor.variableByteInteger('subscriptionIdentifier');
      if (value === 0) throw refused(definition, owner, 'is 0', ReasonCode.ProtocolError);
      if (lists.subscriptionIdentifiers === undefined) lists.subscriptionIdentifiers = [value];
      else lists.subscriptionIdentifiers.push(value);
      return;
    }
  }
}

function readNumber(cursor: Cursor, type: 'twoBytes' | 'fourBytes' | 'variable', name: string): number {
  if (type === 'twoBytes') return cursor.twoBytes(name);
  if (type === 'fourBytes') return cursor.fourBytes(name);
  return cursor.variableByteInteger(name);
}

// §2.2.2.2: an identifier that is not valid for its packet type makes the packet malformed.
function notAllowed(id: number, owner: PropertyOwner): ProtocolError {
  const hex = `0x${id.toString(16).padStart(2, '0')}`;
  return new ProtocolError(
    ReasonCode.MalformedPacket,
    '§2.2.2.2',
    `property ${hex} is not one of ${owner.toUpperCase()}`,
  );
}

function refused(
  definition: PropertyDefinition,
  owner: PropertyOwner,
  problem: string,
  reasonCode: number,
): ProtocolError {
  const rule = definition.owners[owner] ?? '§2.2.2.2';
  return new ProtocolError(reasonCode, rule, `property ${definition.name} ${problem}`);
}
