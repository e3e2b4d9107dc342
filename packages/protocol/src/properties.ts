import type {
  AuthProperties,
  ConnackProperties,
  ConnectProperties,
  DisconnectProperties,
  PacketType,
  PublishProperties,
  SubscribeProperties,
  WillProperties,
} from './packets.ts';
import { ReasonCode } from './reason-codes.ts';

/** What carries properties: a packet, or the will inside CONNECT, which has a set of its own. */
export type PropertyOwner = Exclude<PacketType, 'pingreq' | 'pingresp'> | 'will';

/** The properties of all owners in one. Each owner's own type is a part of it. */
export type PropertyBag = ConnectProperties &
  ConnackProperties &
  PublishProperties &
  WillProperties &
  SubscribeProperties &
  DisconnectProperties &
  AuthProperties;

type NamesOf<Value> = {
  [Name in keyof PropertyBag]-?: NonNullable<PropertyBag[Name]> extends Value ? Name : never;
}[keyof PropertyBag];

type FlagName = NamesOf<0 | 1>;
type NumberName = Exclude<NamesOf<number>, FlagName>;

interface Common {
  readonly id: number;
  /**
   * Who may carry it, and the section of the standard that says what it means there: the rule that a repeat
   * or a value out of range breaks.
   */
  readonly owners: Readonly<Partial<Record<PropertyOwner, string>>>;
}

interface FlagProperty extends Common {
  readonly type: 'flag';
  readonly name: FlagName;
}

interface NumberProperty extends Common {
  readonly type: 'twoBytes' | 'fourBytes' | 'variable';
  readonly name: NumberName;
  readonly minimum: 0 | 1;
  /** What a value out of range is answered with. */
  readonly refusal: number;
}

interface StringProperty extends Common {
  readonly type: 'string';
  readonly name: NamesOf<string>;
}

interface BinaryProperty extends Common {
  readonly type: 'binary';
  readonly name: NamesOf<Uint8Array>;
}

/** May be repeated: each one adds to the list. */
interface UserPropertyList extends Common {
  readonly type: 'userProperties';
  readonly name: 'userProperties';
}

/** May be repeated: each one adds to the list. Never 0. */
interface SubscriptionIdentifierList extends Common {
  readonly type: 'subscriptionIdentifiers';
  readonly name: 'subscriptionIdentifiers';
}

/** One property of MQTT 5.0: its number, its name in our packets, its form, and who may carry it. */
export type PropertyDefinition =
  | FlagProperty
  | NumberProperty
  | StringProperty
  | BinaryProperty
  | UserPropertyList
  | SubscriptionIdentifierList;

type Owners = Common['owners'];

const flag = (id: number, name: FlagName, owners: Owners): FlagProperty => ({
  id,
  type: 'flag',
  name,
  owners,
});
const number = (
  id: number,
  type: NumberProperty['type'],
  name: NumberName,
  minimum: 0 | 1,
  owners: Owners,
  refusal: number = ReasonCode.ProtocolError,
): NumberProperty => ({ id, type, name, minimum, owners, refusal });
const string = (id: number, name: StringProperty['name'], owners: Owners): StringProperty => ({
  id,
  type: 'string',
  name,
  owners,
});
const binary = (id: number, name: BinaryProperty['name'], owners: Owners): BinaryProperty => ({
  id,
  type: 'binary',
  name,
  owners,
});

/** The properties of MQTT 5.0 (section 2.2.2.2): the one table that decoding, measuring and encoding follow. */
export const propertyDefinitions: readonly PropertyDefinition[] = [
  flag(0x01, 'payloadFormatIndicator', { publish: '§3.3.2.3.2', will: '§3.1.3.2.3' }),
  number(0x02, 'fourBytes', 'messageExpiryInterval', 0, { publish: '§3.3.2.3.3', will: '§3.1.3.2.4' }),
  string(0x03, 'contentType', { publish: '§3.3.2.3.9', will: '§3.1.3.2.5' }),
  string(0x08, 'responseTopic', { publish: '§3.3.2.3.5', will: '§3.1.3.2.6' }),
  binary(0x09, 'correlationData', { publish: '§3.3.2.3.6', will: '§3.1.3.2.7' }),
  number(0x0b, 'variable', 'subscriptionIdentifier', 1, { subscribe: '§3.8.2.1.2' }),
  {
    id: 0x0b,
    type: 'subscriptionIdentifiers',
    name: 'subscriptionIdentifiers',
    owners: { publish: '§3.3.2.3.8' },
  },
  number(0x11, 'fourBytes', 'sessionExpiryInterval', 0, {
    connect: '§3.1.2.11.2',
    connack: '§3.2.2.3.2',
    disconnect: '§3.14.2.2.2',
  }),
  string(0x12, 'assignedClientIdentifier', { connack: '§3.2.2.3.7' }),
  number(0x13, 'twoBytes', 'serverKeepAlive', 0, { connack: '§3.2.2.3.14' }),
  string(0x15, 'authenticationMethod', {
    connect: '§3.1.2.11.9',
    connack: '§3.2.2.3.17',
    auth: '§3.15.2.2.2',
  }),
  binary(0x16, 'authenticationData', {
    connect: '§3.1.2.11.10',
    connack: '§3.2.2.3.18',
    auth: '§3.15.2.2.3',
  }),
  flag(0x17, 'requestProblemInformation', { connect: '§3.1.2.11.7' }),
  number(0x18, 'fourBytes', 'willDelayInterval', 0, { will: '§3.1.3.2.2' }),
  flag(0x19, 'requestResponseInformation', { connect: '§3.1.2.11.6' }),
  string(0x1a, 'responseInformation', { connack: '§3.2.2.3.15' }),
  string(0x1c, 'serverReference', { connack: '§3.2.2.3.16', disconnect: '§3.14.2.2.5' }),
  string(0x1f, 'reasonString', {
    connack: '§3.2.2.3.9',
    puback: '§3.4.2.2.2',
    pubrec: '§3.5.2.2.2',
    pubrel: '§3.6.2.2.2',
    pubcomp: '§3.7.2.2.2',
    suback: '§3.9.2.1.2',
    unsuback: '§3.11.2.1.2',
    disconnect: '§3.14.2.2.3',
    auth: '§3.15.2.2.4',
  }),
  number(0x21, 'twoBytes', 'receiveMaximum', 1, { connect: '§3.1.2.11.3', connack: '§3.2.2.3.3' }),
  number(0x22, 'twoBytes', 'topicAliasMaximum', 0, { connect: '§3.1.2.11.5', connack: '§3.2.2.3.8' }),
  number(0x23, 'twoBytes', 'topicAlias', 1, { publish: 'MQTT-3.3.2-8' }, ReasonCode.TopicAliasInvalid),
  flag(0x24, 'maximumQoS', { connack: '§3.2.2.3.4' }),
  flag(0x25, 'retainAvailable', { connack: '§3.2.2.3.5' }),
  {
    id: 0x26,
    type: 'userProperties',
    name: 'userProperties',
    owners: {
      connect: '§3.1.2.11.8',
      connack: '§3.2.2.3.10',
      publish: '§3.3.2.3.7',
      will: '§3.1.3.2.8',
      puback: '§3.4.2.2.3',
      pubrec: '§3.5.2.2.3',
      pubrel: '§3.6.2.2.3',
      pubcomp: '§3.7.2.2.3',
      subscribe: '§3.8.2.1.3',
      suback: '§3.9.2.1.3',
      unsubscribe: '§3.10.2.1.2',
      unsuback: '§3.11.2.1.3',
      disconnect: '§3.14.2.2.4',
      auth: '§3.15.2.2.5',
    },
  },
  number(0x27, 'fourBytes', 'maximumPacketSize', 1, { connect: '§3.1.2.11.4', connack: '§3.2.2.3.6' }),
  flag(0x28, 'wildcardSubscriptionAvailable', { connack: '§3.2.2.3.11' }),
  flag(0x29, 'subscriptionIdentifiersAvailable', { connack: '§3.2.2.3.12' }),
  flag(0x2a, 'sharedSubscriptionAvailable', { connack: '§3.2.2.3.13' }),
];

/** Shared by every packet that has no properties; frozen. */
export const noProperties: PropertyBag = Object.freeze({});

const owners: readonly PropertyOwner[] = [
  'connect',
  'will',
  'connack',
  'publish',
  'puback',
  'pubrec',
  'pubrel',
  'pubcomp',
  'subscribe',
  'suback',
  'unsubscribe',
  'unsuback',
  'disconnect',
  'auth',
];

const byName = new Map<PropertyOwner, ReadonlyMap<string, PropertyDefinition>>();
const byId = new Map<PropertyOwner, readonly (PropertyDefinition | undefined)[]>();
for (const owner of owners) {
  const allowed = propertyDefinitions.filter((definition) => definition.owners[owner] !== undefined);
  byName.set(owner, new Map(allowed.map((definition) => [definition.name, definition])));
  byId.set(
    owner,
    Array.from({ length: 0x2b }, (_, id) => allowed.find((definition) => definition.id === id)),
  );
}

const noDefinitions: ReadonlyMap<string, PropertyDefinition> = new Map();

/** The properties that `owner` may carry, by their names in our packets. */
export function propertiesByNameOf(owner: PropertyOwner): ReadonlyMap<string, PropertyDefinition> {
  return byName.get(owner) ?? noDefinitions;
}

/** The properties that `owner` may carry, each at the index of its identifier. */
export function propertiesByIdOf(owner: PropertyOwner): readonly (PropertyDefinition | undefined)[] {
  return byId.get(owner) ?? [];
}
