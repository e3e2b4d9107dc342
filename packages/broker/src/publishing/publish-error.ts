/** A message that the host published was not taken over. */
export class PublishError extends Error {
  override readonly name = 'PublishError';
  readonly code: 'PUBLISH_REFUSED' | 'PUBLISH_NOT_STORED';
  /** As a client would have been told. */
  readonly reasonCode: number;
  /** The plugin, limit or rule that refused. */
  readonly by: string;

  constructor(
    code: PublishError['code'],
    message: string,
    details: { reasonCode: number; by: string; cause?: Error },
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.reasonCode = details.reasonCode;
    this.by = details.by;
  }
}
