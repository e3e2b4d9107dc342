import type { Message, QueueEntry, StoreOperation } from '@carillon/persistence';
import { JsonFields } from './json-fields.ts';
import {
  messageJson,
  propertiesJson,
  readEntry,
  readMessage,
  readPacketId,
  readSession,
  readSubscription,
  readUndatedMessage,
} from './json-records.ts';

/*
 * An export: one line of JSON for each record, in an order in which it can be put into an empty store.
 *
 *     {"carillonStore":1}
 *     {"kind":"session","session":{…}}
 *     {"kind":"subscription","clientId":"…","subscription":{…}}
 *     {"kind":"inboundId","clientId":"…","packetId":7}
 *     {"kind":"will","clientId":"…","will":{"message":{…},"delayInterval":30,"dueAt":…}}
 *     {"kind":"retained","message":{…}}
 *     {"kind":"queued","message":{…},"in":[{"clientId":"…","sequence":3,…}]}
 *
 * Names are those of the records; payloads and correlation data are base64; instants are milliseconds since 1970;
 * what is undefined is left out.
 */

/** The first line. */
export const header = '{"carillonStore":1}';

/** The lines for operations that fill a store; entries of one message that stand together become one line. */
export function* linesOf(operations: readonly StoreOperation[]): Generator<string> {
  let message: Message | undefined;
  let waiting: object[] = [];
  for (const operation of operations) {
    if (operation.do !== 'enqueue') {
      const record = recordOf(operation);
      if (record !== undefined) yield JSON.stringify(record);
      continue;
    }
    const { message: own } = operation.entry;
    if (message !== undefined && message !== own) {
      yield queuedLine(message, waiting);
      waiting = [];
    }
    message = own;
    waiting.push(entryJson(operation.clientId, operation.entry));
  }
  if (message !== undefined) yield queuedLine(message, waiting);
}

/** Field by field, so that exports of the same contents are the same to the letter. */
function entryJson(clientId: string, entry: QueueEntry): object {
  const { sequence, qos, retain, subscriptionIdentifiers, share, packetId, state } = entry;
  return { clientId, sequence, qos, retain, subscriptionIdentifiers, share, packetId, state };
}

function queuedLine(message: Message, waiting: readonly object[]): string {
  return JSON.stringify({ kind: 'queued', message: messageJson(message), in: waiting });
}

function recordOf(operation: StoreOperation): object | undefined {
  switch (operation.do) {
    case 'putSession':
      return { kind: 'session', session: operation.session };
    case 'putSubscription':
      return {
        kind: 'subscription',
        clientId: operation.clientId,
        subscription: operation.subscription,
      };
    case 'putInboundId':
      return { kind: 'inboundId', clientId: operation.clientId, packetId: operation.packetId };
    case 'putWill': {
      const { clientId, will } = operation;
      const { message } = will;
      const payload = Buffer.from(message.payload).toString('base64');
      const properties = propertiesJson(message.properties);
      return { kind: 'will', clientId, will: { ...will, message: { ...message, payload, properties } } };
    }
    case 'putRetained':
      return { kind: 'retained', message: messageJson(operation.message) };
    default:
      // What takes something away has no place in an export.
      return undefined;
  }
}

/**
 * The operations that a line stands for.
 *
 * @throws {Error} that says what is wrong with it.
 */
export function operationsOf(line: string): readonly StoreOperation[] {
  const fields = new JsonFields(parsed(line));
  const kind = fields.oneOf('kind', ['session', 'subscription', 'inboundId', 'will', 'retained', 'queued']);
  switch (kind) {
    case 'session':
      return [{ do: 'putSession', session: readSession(fields.inner('session')) }];
    case 'subscription': {
      const subscription = readSubscription(fields.inner('subscription'));
      return [{ do: 'putSubscription', clientId: fields.text('clientId'), subscription }];
    }
    case 'inboundId':
      return [{ do: 'putInboundId', clientId: fields.text('clientId'), packetId: readPacketId(fields) }];
    case 'will': {
      const will = fields.inner('will');
      const [delayInterval, dueAt] = [will.number('delayInterval'), will.optionalNumber('dueAt')];
      const message = readUndatedMessage(will.inner('message'));
      return [{ do: 'putWill', clientId: fields.text('clientId'), will: { message, delayInterval, dueAt } }];
    }
    case 'retained':
      return [{ do: 'putRetained', message: readMessage(fields.inner('message')) }];
    case 'queued': {
      const message = readMessage(fields.inner('message'));
      return fields.innerOfList('in').map((entry): StoreOperation => {
        const queued: QueueEntry = { ...readEntry(entry), message };
        return { do: 'enqueue', clientId: entry.text('clientId'), entry: queued };
      });
    }
  }
}

/** What is wrong with it is not shown: it may be anything, and stands on a terminal then. */
function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new Error('the line is no JSON', { cause: error });
  }
}
