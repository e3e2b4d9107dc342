/** What `carillon password --help` prints. */
export const passwordHelp = `carillon password: who may connect, in a file for --password-file

  carillon password set FILE USER [--scram] [--scram-only]
                                   ask for a password, and set it; FILE is made when it is not there
  carillon password delete FILE USER

The password is asked for twice on a terminal, and not shown; otherwise it is the line on standard input.
--scram also keeps keys for SCRAM-SHA-256 and SCRAM-SHA-512, with which MQTT 5.0 clients can prove the
password without sending it; --scram-only keeps nothing else, so that it cannot be sent.

Comments and other users stay as they are. A broker that has the file open takes the change over.

Exit codes: 0 done, 1 there is no such user or it could not be done, 2 the command line is wrong.
`;
