import { afterAll, beforeAll, expect, test } from 'vitest';
import { type InteropBroker, openBroker } from './broker.ts';
import { newClientId } from './speaker.ts';
import { withEachPair } from './speakers.ts';

let broker: InteropBroker;

beforeAll(async () => {
  broker = await openBroker();
});

afterAll(() => broker[Symbol.asyncDispose]());

withEachPair((requester, responder) => {
  test('a request finds its way there and its response back', async () => {
    const service = `service/${newClientId('adder')}`;
    const answers = `${service}/answers`;
    await using serving = await responder.subscribe(broker, {}, { filters: [service] });
    await using asking = await requester.subscribe(broker, {}, { filters: [answers] });

    const question = { responseTopic: answers, correlationData: 'question-1' };
    await requester.publish(broker, {}, { topic: service, payload: '1 + 1', qos: 1, properties: question });

    const request = await serving.next();
    const { responseTopic = 'nowhere', correlationData = 'none' } = request.properties;
    expect(request.payload.toString()).toBe('1 + 1');
    const answer = { topic: responseTopic, payload: '2', qos: 1, properties: { correlationData } } as const;
    await responder.publish(broker, {}, answer);

    const response = await asking.next();
    expect(response).toMatchObject({ topic: answers, payload: Buffer.from('2') });
    expect(response.properties).toEqual({ correlationData: 'question-1' });
  });
});
