/** A message that is not what RFC 5802, section 7 says. */
export class MalformedMessage extends Error {
  override readonly name = 'MalformedMessage';
}

/** `client-first-message`: who wants to log in, and a nonce. */
export interface ClientFirst {
  /** As it stands in front of the rest: `n,,`. */
  readonly gs2Header: string;
  readonly channelBinding: 'not supported' | 'not needed' | 'demanded';
  /** Whom the client wants to act as, where that is said. */
  readonly authorizationIdentity: string | undefined;
  /** `client-first-message-bare`: part of what is signed. */
  readonly bare: string;
  readonly username: string;
  readonly nonce: string;
}

/** `client-final-message`: the proof. */
export interface ClientFinal {
  readonly channelBinding: Uint8Array;
  readonly nonce: string;
  readonly proof: Uint8Array;
  /** Everything but the proof: part of what is signed. */
  readonly withoutProof: string;
}

/** Bytes; a nonce is made for a computer and needs some twenty. It comes back in a packet that has to fit. */
const longestNonce = 1024;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @throws {MalformedMessage} */
export function parseClientFirst(data: Uint8Array | undefined): ClientFirst {
  const text = textOf(data);
  // gs2-cbind-flag "," [authzid] ","
  const header = /^(n|y|p=[A-Za-z0-9.-]+),(?:a=([^,]*))?,/.exec(text);
  if (header === null) throw new MalformedMessage('the message does not begin with n,, or y,,');
  const [gs2Header, flag, authzid] = header;
  const bare = text.slice(gs2Header.length);
  const attributes = bare.split(',');
  if (attributes[0]?.startsWith('m=') === true) {
    throw new MalformedMessage('the message asks for an extension that is mandatory and not known');
  }
  const [username, nonce, ...extensions] = attributes;
  if (username?.startsWith('n=') !== true || nonce?.startsWith('r=') !== true) {
    throw new MalformedMessage('the message is no n=user,r=nonce');
  }
  checkExtensions(extensions);
  return {
    gs2Header,
    channelBinding: flag === 'n' ? 'not supported' : flag === 'y' ? 'not needed' : 'demanded',
    authorizationIdentity: authzid === undefined ? undefined : saslNameOf(authzid),
    bare,
    username: saslNameOf(username.slice(2)),
    nonce: nonceOf(nonce.slice(2)),
  };
}

/** @throws {MalformedMessage} */
export function parseClientFinal(data: Uint8Array | undefined): ClientFinal {
  const text = textOf(data);
  const attributes = text.split(',');
  const [binding, nonce, ...rest] = attributes;
  const proof = rest.pop();
  if (
    binding?.startsWith('c=') !== true ||
    nonce?.startsWith('r=') !== true ||
    proof?.startsWith('p=') !== true
  ) {
    throw new MalformedMessage('the message is no c=binding,r=nonce,p=proof');
  }
  checkExtensions(rest);
  return {
    channelBinding: base64Of(binding.slice(2)),
    nonce: nonce.slice(2),
    proof: base64Of(proof.slice(2)),
    withoutProof: text.slice(0, text.length - proof.length - 1),
  };
}

/** `server-first-message` */
export function serverFirst(nonce: string, salt: Uint8Array, iterations: number): string {
  return `r=${nonce},s=${Buffer.from(salt).toString('base64')},i=${iterations}`;
}

/** `server-final-message` of an exchange that succeeded */
export function serverFinal(signature: Uint8Array): string {
  return `v=${Buffer.from(signature).toString('base64')}`;
}

function textOf(data: Uint8Array | undefined): string {
  if (data === undefined || data.length === 0) throw new MalformedMessage('there is no message');
  let text: string;
  try {
    text = utf8.decode(data);
  } catch {
    throw new MalformedMessage('the message is not in UTF-8');
  }
  if (text.includes('\0')) throw new MalformedMessage('the message has the character U+0000');
  return text;
}

/** `attr-val`: a letter, and a value that is not empty. What is not known is not needed. */
function checkExtensions(extensions: readonly string[]): void {
  if (!extensions.every((extension) => /^[A-Za-z]=./su.test(extension))) {
    throw new MalformedMessage('the message has something that is no attribute');
  }
}

/** `saslname`: a comma is `=2C`, an equals sign `=3D`, and no other stands alone. */
function saslNameOf(text: string): string {
  if (text === '') throw new MalformedMessage('a name is empty');
  if (/=(?!2C|3D)/.test(text)) throw new MalformedMessage('a name has = that is neither =2C nor =3D');
  return text.replaceAll('=2C', ',').replaceAll('=3D', '=');
}

/** `printable`: ASCII that can be seen, but no comma. */
function nonceOf(text: string): string {
  if (!/^[\x21-\x2B\x2D-\x7E]+$/.test(text))
    throw new MalformedMessage('the nonce is empty or not printable');
  if (text.length > longestNonce)
    throw new MalformedMessage(`the nonce has more than ${longestNonce} characters`);
  return text;
}

function base64Of(text: string): Uint8Array {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text) || text === '') {
    throw new MalformedMessage('a value is not in Base64');
  }
  return Buffer.from(text, 'base64');
}
