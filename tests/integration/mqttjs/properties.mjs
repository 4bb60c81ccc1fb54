// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

import { area, assert, keep, numbers, peer, ports, unique } from './peer.mjs';

area('properties', {
  async 'all of a publish arrive unchanged'(t, root) {
    const [one, other] = [await peer(t), await peer(t)];
    await one.listen(`${root}/a`);
    const sent = {
      contentType: 'text/plain', correlationData: Buffer.from(numbers(256)),
      responseTopic: 'answers/here', payloadFormatIndicator: true,
      userProperties: { b: ['1', '3', '1'], 'ü': '水', '': '' },
    };
    for (const qos of [0, 1, 2]) {
      await other.send(`${root}/a`, 'x', {
        qos, properties: { ...sent, messageExpiryInterval: 1000 },
      });
      const { messageExpiryInterval, ...got } = (await one.message()).properties;
      assert.ok(messageExpiryInterval > 900 && messageExpiryInterval <= 1000);
      got.userProperties = { ...got.userProperties };
      assert.deepEqual({ ...got }, sent);
    }
  },

  async 'identifiers of all subscriptions that match'(t, root) {
    const one = await peer(t);
    for (const [i, name] of ['a/#', 'a/+', 'b'].entries()) {
      await one.listen(`${root}/${name}`, {
        qos: 1, properties: { subscriptionIdentifier: i + 1 },
      });
    }
    await one.send(`${root}/a/x`, 'once or twice');
    await one.send(`${root}/b`, 'end');
    const found = (await one.until('end')).flatMap((m) => m.properties.subscriptionIdentifier);
    assert.deepEqual(found.sort(), [1, 2]);
  },

  async 'topic aliases both ways'(t, root) {
    const one = await peer(t, { properties: { topicAliasMaximum: 20 } });
    const other = await peer(t, { autoAssignTopicAlias: true });
    const topics = new Map();
    let short = 0;
    one.client.on('packetreceive', (packet) => {
      if (packet.cmd !== 'publish' || !packet.properties?.topicAlias) return;
      if (packet.topic === '') short++;
    });
    await one.listen(`${root}/#`);
    const names = numbers(10).map((i) => `${root}/a/rather/long/name/${i}`);
    for (const name of names) {
      for (const i of numbers(20)) await other.send(name, `${i}`, { qos: i % 2 });
    }
    for (let i = 0; i < 200; i++) {
      const got = await one.message();
      topics.set(got.topic, [...(topics.get(got.topic) ?? []), Number(got.text)]);
    }
    assert.deepEqual([...topics.keys()].sort(), [...names].sort());
    for (const got of topics.values()) {
      assert.deepEqual(got.filter((i) => i % 2), numbers(20).filter((i) => i % 2));
    }
    assert.ok(short > 0, 'the server used no alias');
  },

  async 'what the server tells'(t) {
    const { properties } = (await peer(t, { clientId: '' })).connack;
    assert.equal(properties.receiveMaximum, 1024);
    assert.equal(properties.maximumPacketSize, 16 << 20);
    assert.equal(properties.topicAliasMaximum, 64);
    assert.ok(properties.assignedClientIdentifier);
  },

  async 'request and response'(t, root) {
    const one = await peer(t, {
      clientId: unique('asks'), properties: { requestResponseInformation: true },
    }, ports.info);
    const mine = `${one.connack.properties.responseInformation}/${root}`;
    const service = await peer(t);
    await service.listen(`${root}/ask`);
    await one.listen(mine);
    await one.send(`${root}/ask`, 'question', {
      qos: 1, properties: { responseTopic: mine, correlationData: Buffer.from('1') },
    });
    const { properties } = await service.message();
    await service.send(properties.responseTopic, 'answer', {
      qos: 1, properties: { correlationData: properties.correlationData },
    });
    const got = await one.message();
    assert.deepEqual([got.text, got.properties.correlationData.toString()], ['answer', '1']);
  },

  async 'the server heeds the receive maximum'(t, root) {
    const one = await peer(t, { properties: { receiveMaximum: 3 } });
    const inFlight = new Set();
    let most = 0;
    one.client.on('packetreceive', (packet) => {
      if (packet.cmd !== 'publish' || packet.qos === 0) return;
      inFlight.add(packet.messageId);
      most = Math.max(most, inFlight.size);
    });
    one.client.on('packetsend', (packet) => {
      if (packet.cmd === 'puback' || packet.cmd === 'pubcomp') inFlight.delete(packet.messageId);
    });
    await one.listen(`${root}/a`);
    const other = await peer(t);
    const wanted = numbers(300).map(String);
    await Promise.all(wanted.map((text) => other.send(`${root}/a`, text, { qos: 2 })));
    assert.deepEqual(await one.texts(300), wanted);
    assert.equal(most, 3);
  },

  async 'too large for a client is left out'(t, root) {
    const one = await peer(t, { properties: { maximumPacketSize: 200 } });
    await one.listen(`${root}/a`);
    const other = await peer(t);
    for (const size of [1, 1000, 2]) await other.send(`${root}/a`, 'x'.repeat(size));
    assert.deepEqual(await one.texts(2), ['x', 'xx']);
  },

  async 'a session expires'(t, root) {
    const watcher = await peer(t);
    await watcher.listen(`${root}/will`);
    const id = unique();
    // The will waits for the end of the session, and so tells of it.
    const will = {
      topic: `${root}/will`, payload: Buffer.from('ended'), qos: 1, retain: false,
      properties: { willDelayInterval: 1000 },
    };
    (await peer(t, { ...keep(5, id, 1), will })).die();
    assert.deepEqual(await watcher.texts(1), ['ended']);
    const back = await peer(t, keep(5, id));
    assert.equal(back.connack.sessionPresent, false);
  },
});
