import { EncodeError } from '../encode-error.ts';
import {
  type PropertyBag,
  type PropertyDefinition,
  type PropertyOwner,
  propertiesByNameOf,
} from '../properties.ts';
import type { Sink } from './sink.ts';

/**
 * The properties of `owner`, their length first. In the order in which the object has them; what
 * is undefined, or not for this owner, is left out.
 */
export function putProperties(sink: Sink, properties: PropertyBag, owner: PropertyOwner): void {
  if (isEmpty(properties)) {
    sink.byte(0, 'properties');
    return;
  }
  const definitions = propertiesByNameOf(owner);
  sink.beginSized();
  for (const name in properties) {
    const definition = definitions.get(name);
    if (definition !== undefined) putProperty(sink, definition, properties);
  }
  sink.endSized();
}

/** Whether there is nothing to write, so that the short form of a packet will do. */
export function hasNoProperties(properties: PropertyBag, owner: PropertyOwner): boolean {
  if (isEmpty(properties)) return true;
  for (const { name } of propertiesByNameOf(owner).values()) {
    const value = properties[name];
    if (value !== undefined && !(Array.isArray(value) && value.length === 0)) return false;
  }
  return true;
}

/** The common case, without a look at each name. */
function isEmpty(properties: PropertyBag): boolean {
  for (const _ in properties) return false;
  return true;
}

function putProperty(sink: Sink, definition: PropertyDefinition, properties: PropertyBag): void {
  const { id, name: field } = definition;
  if (properties[field] === undefined) return;
  switch (definition.type) {
    case 'flag': {
      const value = properties[definition.name];
      if (value === undefined) return;
      if (value !== 0 && value !== 1) throw new EncodeError(field, `must be 0 or 1, not ${String(value)}`);
      sink.byte(id, field);
      sink.byte(value, field);
      return;
    }
    case 'twoBytes':
    case 'fourBytes':
    case 'variable': {
      const value = properties[definition.name];
      if (value === undefined) return;
      if (value < definition.minimum) throw new EncodeError(field, `must not be ${value}`);
      sink.byte(id, field);
      sink[definition.type](value, field);
      return;
    }
    case 'string': {
      const value = properties[definition.name];
      if (value === undefined) return;
      sink.byte(id, field);
      sink.string(value, field);
      return;
    }
    case 'binary': {
      const value = properties[definition.name];
      if (value === undefined) return;
      sink.byte(id, field);
      sink.binary(value, field);
      return;
    }
    case 'userProperties':
      for (const [key, value] of properties.userProperties ?? []) {
        sink.byte(id, field);
        sink.string(key, field);
        sink.string(value, field);
      }
      return;
    case 'subscriptionIdentifiers':
      for (const value of properties.subscriptionIdentifiers ?? []) {
        if (value < 1) throw new EncodeError(field, `must not have ${value}`);
        sink.byte(id, field);
        sink.variable(value, field);
      }
      return;
  }
}
