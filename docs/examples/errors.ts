import {
  BrokerError,
  type CarillonBroker,
  createBroker,
  ListenerError,
  OptionError,
  PublishError,
} from 'carillon';

/** Tells what went wrong, by code. */
export async function startCarefully(port: number): Promise<CarillonBroker | undefined> {
  const broker = createBroker();
  try {
    await broker.listen({ port });
    return broker;
  } catch (error) {
    if (!(error instanceof ListenerError)) throw error;
    if (error.code === 'LISTENER_ADDRESS_IN_USE') console.error(`port ${port} is taken`);
    else console.error(error.code, error.message, error.cause);
    await broker.close();
    return undefined;
  }
}

export async function publishCarefully(
  broker: CarillonBroker,
  topic: string,
  payload: string,
): Promise<string> {
  try {
    await broker.publish(topic, payload, { qos: 1 });
    return 'published';
  } catch (error) {
    if (error instanceof PublishError) return `${error.code} by ${error.by}`;
    if (error instanceof OptionError) return `${error.code}: ${error.key}`;
    if (error instanceof BrokerError) return error.code;
    throw error;
  }
}
