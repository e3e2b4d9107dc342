import type { DropReason, DropRecord, PublishReceipt } from '@carillon/hooks';
import type { Message } from '@carillon/persistence';
import type { Copy } from '../routing/subscription.ts';
import { detachMessage } from './broker-message.ts';
import { lowerQoS } from './lower-qos.ts';
import {
  encodeFrame,
  type PublishFrame,
  type PublishLayout,
  SharedFrames,
  type SourceFrame,
} from './publish-frame.ts';

/** A copy that waits for the store before it may go to its receiver. */
export interface HeldCopy {
  release(fanOut: FanOut): void;
  withdraw(): void;
}

/** One message on its way to its receivers, and what became of the copies. */
export class FanOut {
  readonly message: Message;
  readonly now: number;
  /**
   * The batch that must be stored before any receiver sees the message, 0 for none: QoS 2 reaches nobody
   * before it is stored.
   */
  readonly heldUntil: number;
  matched = 0;
  sent = 0;
  queued = 0;
  #dropped: DropRecord[] | undefined = undefined;
  #kept: Message | undefined = undefined;
  #frames: SharedFrames | undefined = undefined;
  #held: HeldCopy[] | undefined = undefined;
  readonly #source: SourceFrame | undefined;

  /** `source` is what the message came in, and is used only as long as no hook has changed the message. */
  constructor(message: Message, now: number, heldUntil: number, source?: SourceFrame) {
    this.message = message;
    this.now = now;
    this.heldUntil = heldUntil;
    this.#source = source?.message === message ? source : undefined;
  }

  /**
   * `message` in the form in which it can be kept. However many keep the message of this fan-out, it is one
   * object: in memory once, in the store once.
   */
  keep(message: Message): Message {
    if (message !== this.message) return detachMessage(message);
    this.#kept ??= detachMessage(message);
    return this.#kept;
  }

  /** The message, or what a hook made of it for one receiver, in bytes. */
  frameFor(message: Message, layout: PublishLayout): PublishFrame {
    if (message !== this.message && message !== this.#kept) return encodeFrame(message, layout, this.now);
    this.#frames ??= new SharedFrames(this.message, this.now, this.#source);
    return this.#frames.frameFor(layout);
  }

  hold(copy: HeldCopy): void {
    this.#held ??= [];
    this.#held.push(copy);
  }

  noteDropped(reason: DropReason, clientId: string | undefined): void {
    this.#dropped ??= [];
    this.#dropped.push(clientId === undefined ? { reason } : { reason, clientId });
  }

  /** The store has it: the copies may go. */
  stored(): void {
    const held = this.#held;
    this.#held = undefined;
    for (const copy of held ?? []) copy.release(this);
  }

  /** The store does not have it: nobody has seen the copies, and nobody will. */
  failed(): void {
    const held = this.#held;
    this.#held = undefined;
    for (const copy of held ?? []) copy.withdraw();
  }

  receipt(): PublishReceipt {
    return {
      matched: this.matched,
      sent: this.sent,
      queued: this.queued,
      dropped: this.#dropped ?? [],
    };
  }
}

/** The copy with another message in it, when a hook changed it. */
export function copyWith(copy: Copy, message: Message): Copy {
  return { ...copy, message, qos: lowerQoS(message.qos, copy.qos) };
}
