// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

import { MIB, area, assert, numbers, pattern, peer, ports } from './peer.mjs';

area('messages', {
  async 'each QoS and version'(t, root) {
    for (const protocolVersion of [5, 4]) {
      const [one, other] = [await peer(t, { protocolVersion }), await peer(t, { protocolVersion })];
      for (const wanted of [0, 1, 2]) {
        for (const sent of [0, 1, 2]) {
          const topic = `${root}/${protocolVersion}/${wanted}/${sent}`;
          assert.deepEqual(await one.listen(topic, { qos: wanted }), [wanted]);
          await other.send(topic, Buffer.from([0, 255]), { qos: sent });
          const got = await one.message();
          assert.deepEqual([got.topic, [...got.payload], got.qos, got.retain, got.dup],
            [topic, [0, 255], Math.min(sent, wanted), false, false]);
        }
      }
    }
  },

  async 'versions meet'(t, root) {
    const peers = [];
    for (const protocolVersion of [3, 4, 5]) {
      const protocolId = protocolVersion === 3 ? 'MQIsdp' : 'MQTT';
      peers.push(await peer(t, { protocolVersion, protocolId }, ports.old));
    }
    for (const one of peers) await one.listen(`${root}/a`);
    for (const [i, one] of peers.entries()) await one.send(`${root}/a`, `${i}`, { qos: 2 });
    for (const one of peers) assert.deepEqual(await one.texts(3), ['0', '1', '2']);
  },

  async 'many in flight keep their order'(t, root) {
    const [one, other] = [await peer(t), await peer(t)];
    await one.listen(`${root}/#`);
    for (const qos of [0, 1, 2]) {
      const wanted = numbers(1000).map(String);
      await Promise.all(wanted.map((text) => other.send(`${root}/${qos}`, text, { qos })));
      assert.deepEqual(await one.texts(1000), wanted);
    }
  },

  async 'one mebibyte at each QoS'(t, root) {
    const payload = pattern(MIB);
    for (const protocolVersion of [5, 4]) {
      const [one, other] = [await peer(t, { protocolVersion }), await peer(t, { protocolVersion })];
      await one.listen(`${root}/#`);
      for (const qos of [0, 1, 2]) {
        await other.send(`${root}/${protocolVersion}/${qos}`, payload, { qos });
        assert.ok((await one.message()).payload.equals(payload), 'the payload was changed');
      }
      await one.leave();
    }
  },

  async 'one publisher, many subscribers'(t, root) {
    const several = [];
    for (let i = 0; i < 30; i++) {
      several.push(await peer(t));
      await several[i].listen(`${root}/+`, { qos: i % 3 });
    }
    const other = await peer(t);
    for (let i = 0; i < 50; i++) await other.send(`${root}/a`, `${i}`, { qos: 1 });
    for (const one of several) assert.deepEqual(await one.texts(50), numbers(50).map(String));
  },

  async 'unsubscribed filters stay silent'(t, root) {
    const [one, other] = [await peer(t), await peer(t)];
    await one.listen([`${root}/a`, `${root}/b`]);
    await one.client.unsubscribeAsync(`${root}/a`);
    await other.send(`${root}/a`, 'not for us');
    await other.send(`${root}/b`, 'end');
    assert.deepEqual(await one.until('end'), []);
  },

  async 'no-local and its opposite'(t, root) {
    const one = await peer(t);
    await one.listen({ [`${root}/a`]: { qos: 1, nl: true }, [`${root}/b`]: { qos: 1 } });
    await one.send(`${root}/a`, 'echo');
    await one.send(`${root}/b`, 'end');
    assert.deepEqual(await one.until('end'), []);
  },

  async 'a listener with limits says so'(t, root) {
    const one = await peer(t, {}, ports.plain);
    const { properties } = one.connack;
    assert.equal(properties.maximumQoS, 1);
    assert.equal(properties.retainAvailable, false);
    assert.equal(properties.wildcardSubscriptionAvailable, false);
    assert.equal(properties.sharedSubscriptionAvailable, false);
    assert.deepEqual(await one.listen(`${root}/a`), [1]);
    await assert.rejects(one.listen(`${root}/#`), /Wildcard/);
  },

  async 'a hundred connections at once'(t, root) {
    const several = await Promise.all(numbers(100).map(() => peer(t)));
    await Promise.all(several.map((one, i) => one.listen(`${root}/${i}`)));
    await Promise.all(several.map((one, i) => one.send(`${root}/${(i + 1) % 100}`, `${i}`)));
    for (const [i, one] of several.entries()) {
      assert.deepEqual(await one.texts(1), [`${(i + 99) % 100}`]);
    }
  },
});
