/** Something else happened than a test expected. The message tells what, and how it came to that. */
export class ExpectationError extends Error {
  override readonly name = 'ExpectationError';
  readonly code = 'CARILLON_EXPECTATION_FAILED';
}
