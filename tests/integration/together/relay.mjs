// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

// Passes what arrives on one filter on to a topic, with all its properties, and prints a line for
// each message. Arguments: port, version, filter, topic (empty: only print).

import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import process from 'node:process';

const mqtt = createRequire(new URL('../mqttjs/package.json', import.meta.url))('mqtt');
const [port, version, filter, topic] = process.argv.slice(2);

const client = mqtt.connect({
  host: '127.0.0.1', port: Number(port), protocolVersion: Number(version), reconnectPeriod: 0,
});
client.on('error', (error) => {
  console.log(`error ${error.message}`);
  process.exit(1);
});
client.on('message', (from, payload, { qos, retain, properties = {} }) => {
  if (topic) {
    const { messageExpiryInterval, subscriptionIdentifier, topicAlias, ...forwarded } = properties;
    client.publish(topic, payload, { qos, retain, properties: forwarded });
  }
  console.log(`message ${JSON.stringify({
    topic: from, qos, retain, size: payload.length, properties,
    digest: createHash('sha256').update(payload).digest('hex'),
    text: payload.length < 100 ? payload.toString() : undefined,
  })}`);
});
await client.subscribeAsync(filter, { qos: 2 });
console.log('subscribed');
