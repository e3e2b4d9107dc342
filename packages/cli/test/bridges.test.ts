import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PacketClient } from '@carillon/testkit';
import { expect, test } from 'vitest';
import { bridgeCommand } from '../src/bridges/bridge-command.ts';
import { settleConfiguration } from '../src/effective-configuration.ts';
import { readFlags } from '../src/flags.ts';
import { printConfiguration } from '../src/print-configuration.ts';
import { CarillonProcess, carillon } from './carillon-process.ts';
import { folderWith } from './temporary-folder.ts';

const mosquittoConf = `# a comment
listener 1883
connection plant-7
address office.example spare.example:8884
topic sensors/# out 1 "" plant7/
topic commands/# in 2
remote_username ann
remote_password secret-word
remote_clientid plant7
keepalive_interval 30
restart_timeout 5 60
bridge_cafile /etc/ssl/office.pem
notifications false
bridge_protocol_version mqttv50
try_private true
start_type automatic
local_clientid here
bridge_psk 1234
colour green
`;

async function settle(content: object) {
  const folder = folderWith({ 'carillon.json': content, 'ca.pem': 'PEM' });
  return settleConfiguration(readFlags(['--config', join(folder, 'carillon.json')]));
}

test('the bridges of a mosquitto.conf are printed as ours, and what does not carry over is said', async () => {
  const file = join(folderWith({}), 'mosquitto.conf');
  writeFileSync(file, mosquittoConf);
  const { code, stdout, stderr } = await carillon('bridge', 'import', file);
  expect(JSON.parse(stdout)).toEqual({
    bridges: [
      {
        name: 'plant-7',
        addresses: ['mqtts://office.example:1883', 'mqtts://spare.example:8884'],
        topics: ['sensors/# out 1 "" plant7/', 'commands/# in 2'],
        credentials: { username: 'ann', password: 'secret-word' },
        clientId: 'plant7',
        keepAlive: 30,
        backOff: { minimum: 5000, maximum: 60_000 },
        tls: { caFile: '/etc/ssl/office.pem' },
        notifications: false,
        protocolVersion: 5,
        bridgeBit: true,
        start: 'automatic',
      },
    ],
  });
  const said = stderr
    .trim()
    .split('\n')
    .map((line) => line.replace(`${file}: plant-7: `, ''));
  expect(said).toEqual([
    'line 17: local_clientid does not carry over: the session here is called bridge: and the name',
    'line 18: bridge_psk does not carry over: keys shared beforehand (PSK) are not there',
    'line 19: colour does not carry over: it is not about bridges, or not known',
  ]);
  expect(code).toBe(0);
});

test('a file without bridges, or with one that cannot be, is an error', async () => {
  const folder = folderWith({});
  const write = (text: string): string => {
    const file = join(folder, 'mosquitto.conf');
    writeFileSync(file, text);
    return file;
  };
  const none = bridgeCommand(['import', write('listener 1883\n')]);
  await expect(none).rejects.toMatchObject({
    exitCode: 1,
    message: expect.stringContaining('has no bridge'),
  });
  const loops = await carillon(
    'bridge',
    'import',
    write('connection a\naddress b\ntopic # out 1 "" x/\ntopic # in\n'),
  );
  expect(loops).toMatchObject({ code: 1, stderr: expect.stringContaining('would loop') });
  await expect(bridgeCommand(['impart'])).rejects.toMatchObject({ exitCode: 2 });
});

test('mistakes in bridges are told', async () => {
  await expect(settle({ bridges: {} })).rejects.toThrow('bridges is an object: give a list');
  await expect(settle({ bridges: [{ tls: { ca: 'x', caFile: 'y' } }] })).rejects.toThrow(
    'bridges[0].tls has both ca and caFile: leave one of them out',
  );
  const { bridges } = await settle({ bridges: [{ name: 'a', addresses: 'b', topics: ['#'], keepalive: 3 }] });
  await expect(bridges?.make()).rejects.toThrow('bridges: bridge option: keepalive is not known');
  const files = await settle({
    bridges: [{ name: 'a', addresses: 'b', topics: ['#'], tls: { caFile: 'no.pem' } }],
  });
  await expect(files.bridges?.make()).rejects.toThrow('bridges[0].tls.caFile cannot be read');
});

test('no password is shown', async () => {
  const credentials = { username: 'ann', password: 'secret-word' };
  const configuration = await settle({
    bridges: [{ name: 'a', addresses: 'b', topics: ['#'], credentials }],
  });
  expect(printConfiguration(configuration)).toContain('"password": "(hidden)"');
  expect(printConfiguration(configuration)).not.toContain('secret-word');
});

test('two brokers of the command line are joined', async () => {
  const office = new CarillonProcess(['--port', '0', '--memory']);
  const [officePort = 0] = await office.ready();
  const topics = ['up/# out 1'];
  const bridges = [{ name: 'office', addresses: `mqtt://127.0.0.1:${officePort}`, topics }];
  const folder = folderWith({ 'carillon.json': { listeners: [{ port: 0 }], memory: true, bridges } });
  const plant = new CarillonProcess(['--config', join(folder, 'carillon.json')]);
  const [plantPort = 0] = await plant.ready();
  const far = await PacketClient.overSocket({ port: officePort });
  await far.connectPacket({ clientId: 'far' });
  await far.subscribe('up/#', { qos: 1 });
  const near = await PacketClient.overSocket({ port: plantPort });
  await near.connectPacket({ clientId: 'near' });
  await near.publish('up/1', 'hello', { qos: 1 });
  expect(await far.receiveMessage()).toMatchObject({ topic: 'up/1', text: 'hello', qos: 1 });
  expect(plant.messages).toContain('the bridge is connected');
});
