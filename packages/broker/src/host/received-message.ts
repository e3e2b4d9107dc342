import type { ReceivedMessage } from '@carillon/hooks';
import type { Message } from '@carillon/persistence';

/** The message as a handler in this process gets it. */
export function received(
  message: Message,
  retained: boolean,
  parameters: Readonly<Record<string, string>>,
): ReceivedMessage {
  const text = (): string => new TextDecoder().decode(message.payload);
  return { ...message, retained, parameters, text, json: () => JSON.parse(text()) as unknown };
}
