/** What `carillon --help` prints. */
export const help = `carillon: an MQTT broker (3.1, 3.1.1 and 5.0)

  carillon [options]           run a broker
  carillon password ...        set or delete users in a file: carillon password --help
  carillon bridge import FILE  read the bridges of a mosquitto.conf: carillon bridge --help
  carillon store ...           check, count, copy, export or import a store: carillon store --help

Where to listen (nothing said: --port 1883)
      --host HOST              address of these listeners (127.0.0.1)
  -p, --port PORT              MQTT over TCP
      --tls-port PORT          MQTT over TLS
      --ws-port PORT           MQTT over WebSocket
      --wss-port PORT          MQTT over WebSocket and TLS
      --ws-path PATH           path of both (any path)
      --unix PATH              MQTT over a Unix socket
      --tls-cert FILE          certificate chain in PEM
      --tls-key FILE           its private key in PEM
      --tls-ca FILE            demand client certificates of these authorities

Who may come
      --password-file FILE     users and their passwords: carillon password set FILE USER; a
                               password file of Mosquitto's will do
      --acl-file FILE          who may publish, subscribe to and receive what
      --allow-anonymous        let other machines in although nobody is asked who he is

What to keep
      --data DIR               keep sessions and messages in this folder (./carillon-data)
      --durability WHAT        what an acknowledgement survives: synced a power cut, written
                               the death of the process (synced)
      --memory                 keep nothing when the broker stops

Limits
      --max-connections N      at the same time (100000)
      --max-packet-size BYTES  of an incoming packet (1048576)
      --max-queued-messages N  that wait in one session (1000)

Everything else
  -c, --config FILE            JSON, or a module with export default defineConfig({ ... });
                               flags go before the file, and listeners here replace those of the file
      --check                  check everything, print the effective configuration, do not start
      --log-level LEVEL        debug, info, warn, error or silent (info)
  -v, --version
  -h, --help

SIGINT and SIGTERM tell the clients, send what is to be sent, and stop.
Exit codes: 0 stopped in order, 1 could not start or run, 2 the command line is wrong.
`;
