/**
 * What plugins keep for strangers has an end: a line in which only so many wait, a map that holds only so many.
 *
 * @module
 */
export { BoundedMap } from './bounded-map.ts';
export { LineIsFull, WaitingLine, type WaitingLineLimits } from './waiting-line.ts';
