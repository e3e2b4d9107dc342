import type { Socket } from 'node:net';
import { encode, PacketReader, ProtocolError, TopicCache } from '@carillon/protocol';

const topicCache = new TopicCache(); // shared by all connections

export function serve(socket: Socket) {
  const reader = new PacketReader({ maximumPacketSize: 1024 * 1024, topicCache });
  socket.on('data', (chunk) => {
    try {
      reader.feed(chunk);
      for (let packet = reader.next(); packet !== undefined; packet = reader.next()) {
        if (packet.type === 'pingreq')
          socket.write(encode({ type: 'pingresp' }, reader.protocolVersion ?? 5));
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      console.error(error.rule, error.message); // and tell an MQTT 5.0 peer error.reasonCode
      socket.destroy();
    }
  });
}
