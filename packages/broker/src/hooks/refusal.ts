import type { Refusal } from '@carillon/hooks';
import {
  exactly,
  type FieldChecks,
  ImpossibleValue,
  integer,
  nonEmptyText,
  readFields,
  text,
  userProperties,
} from '@carillon/hooks/checks';
import { isReasonCodeFor, type PacketType, ReasonCode, reasonCodeName } from '@carillon/protocol';
import type { Denied } from './verdict.ts';

/** The packets that may have to carry the refusal; all of them must be able to. None: nothing is sent. */
export type Carriers = readonly PacketType[];

const refusalFields: FieldChecks<Refusal> = {
  allow: exactly(false),
  reasonCode: integer(0, 0xff),
  because: text,
  reasonString: text,
  userProperties,
  serverReference: nonEmptyText,
};

/** Reads `{ allow: false, … }`. */
export function readRefusal(answer: unknown, plugin: string, carriers: Carriers): Denied {
  const { allow: _, reasonCode = ReasonCode.NotAuthorized, ...words } = readFields(answer, refusalFields);
  checkReasonCode(reasonCode, carriers);
  if (words.serverReference !== undefined && !isRedirect(reasonCode)) {
    throw new ImpossibleValue(
      `serverReference belongs to 0x9c (Use another server) and 0x9d (Server moved), not to ${name(reasonCode)}.`,
    );
  }
  return { allowed: false, by: plugin, reasonCode, ...words, cause: 'refused' };
}

function checkReasonCode(reasonCode: number, carriers: Carriers): void {
  const isKnown = Object.values<number>(ReasonCode).includes(reasonCode);
  if (reasonCode < 0x80 || !isKnown) {
    throw new ImpossibleValue(`${name(reasonCode)} is no reason code to refuse with (0x80 or above).`);
  }
  const unfit = carriers.find((packet) => !isReasonCodeFor(packet, reasonCode));
  if (unfit === undefined) return;
  throw new ImpossibleValue(`${unfit.toUpperCase()} cannot carry ${name(reasonCode)}.`);
}

function isRedirect(reasonCode: number): boolean {
  return reasonCode === ReasonCode.UseAnotherServer || reasonCode === ReasonCode.ServerMoved;
}

function name(reasonCode: number): string {
  const known = Object.values<number>(ReasonCode).includes(reasonCode);
  const number = `0x${reasonCode.toString(16).padStart(2, '0')}`;
  return known ? `${number} (${reasonCodeName(reasonCode)})` : number;
}
