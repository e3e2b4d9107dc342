import { type CarillonBroker, ReasonCode } from 'carillon';

/** What an operator may ask of a running broker. */
export async function lookAround(broker: CarillonBroker) {
  for (const { id, identity, remote, connectedAt } of broker.clients()) {
    console.log(id, identity, remote.address, new Date(connectedAt).toISOString());
  }
  // Sessions, their clients connected or not.
  for (const { clientId, connected, subscriptions, queued, inflight } of broker.sessions()) {
    console.log(clientId, { connected, subscriptions, queued, inflight });
  }
  for (const { filter, qos } of broker.subscriptions('sensor-7')) console.log(filter, qos);
  for (const { topic, payload } of broker.retainedMessages('rooms/#')) console.log(topic, payload.length);

  const { clientsConnected, messagesReceived, publishDropped } = broker.counters();
  console.log({ clientsConnected, messagesReceived, publishDropped });
  console.log(broker.limits.maximumPacketSize);
}

export async function intervene(broker: CarillonBroker) {
  broker
    .client('sensor-7')
    ?.disconnect({ reasonCode: ReasonCode.AdministrativeAction, reasonString: 'maintenance' });
  // Its permissions have changed: ask the plugins again, end what is not allowed any more.
  await broker.client('sensor-8')?.invalidate();
  // The client goes, and everything kept for it is forgotten.
  broker.endSession('sensor-9');

  await broker.publish('rooms/12/temperature', '20.5', { retain: true });
  await broker.clearRetained('rooms/13/#');
}

export async function whyNot(broker: CarillonBroker) {
  const { allowed, decidedBy, steps } = await broker.explain('sensor-7', 'publish', 'commands/reboot');
  console.log(allowed, decidedBy); // false rules
  for (const { step, outcome, detail } of steps) console.log(step, outcome, detail);
}
