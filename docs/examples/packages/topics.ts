import { FilterTree, findTopicFilterFault, NameTree, parseFilterPattern } from '@carillon/topics';

// What a client sends is judged first.
findTopicFilterFault('site/+/temperature'); // undefined: no fault
findTopicFilterFault('site/#/temperature');
// { rule: 'MQTT-4.7.1-1',
//   message: '"#" at character 6 (level 2) must be the whole last level of the filter, as in "a/b/#".' }

// Who gets a message: values by filter, asked by topic name.
const subscribers = new FilterTree<string>();
subscribers.set('site/+/temperature', 'heating');
subscribers.set('site/#', 'archive');
subscribers.match('site/7/temperature', (subscriber, filter) => console.log(subscriber, filter));

// What a new subscriber gets: values by topic name, asked by filter.
const retained = new NameTree<number>();
retained.set('site/7/temperature', 21);
for (const [topic, value] of retained.matching('site/#')) console.log(topic, value);

// Wildcards with names.
const pattern = parseFilterPattern('devices/{id}/state');
pattern.filter; // 'devices/+/state'
pattern.parametersOf('devices/42/state').id; // '42'

export { pattern, retained, subscribers };
