/** PEM text or its bytes; several certificates or authorities may be joined or listed. */
export type Pem = string | Uint8Array | readonly (string | Uint8Array)[];

/** A server certificate and what belongs to it. */
export interface TlsIdentity {
  /** Certificate chain, the server's own first. */
  readonly cert: Pem;
  /** Private key. */
  readonly key: Pem;
  /** Of an encrypted `key`. */
  readonly passphrase?: string;
  /** The authorities that vouch for client certificates. */
  readonly ca?: Pem;
}

/** The certificates of a listener: what may be replaced while it runs. */
export interface TlsCertificates extends TlsIdentity {
  /**
   * Other certificates by the server name the client asks for (SNI), such as `mqtt.example.com` or
   * `*.example.com`. The main certificate serves all other names. An identity without `ca` uses the main one's;
   * where one has its own and `requestCert` is set, no TLS session is resumed.
   */
  readonly sni?: Readonly<Record<string, TlsIdentity>>;
}

/** TLS for a listener. */
export interface TlsOptions extends TlsCertificates {
  /** Ask clients for a certificate. Needs `ca`. Default false. */
  readonly requestCert?: boolean;
  /**
   * With `requestCert`: turn away clients without a certificate that the authorities vouch for. With false
   * they come in and `remote.certificate` tells. Default true.
   */
  readonly rejectUnauthorized?: boolean;
  /** Default `TLSv1.2`. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
}
