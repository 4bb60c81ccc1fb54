// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

import { MIB, area, assert, pattern, peer } from './peer.mjs';

const kept = { qos: 1, retain: true };

area('retained', {
  async 'set, replace and clear'(t, root) {
    for (const protocolVersion of [5, 4]) {
      const other = await peer(t, { protocolVersion });
      const topic = `${root}/${protocolVersion}`;
      for (const text of ['first', 'second']) {
        await other.send(topic, text, kept);
        const one = await peer(t, { protocolVersion });
        await one.listen(topic);
        const got = await one.message();
        assert.deepEqual([got.text, got.retain], [text, true]);
      }
      await other.send(topic, '', kept);
      await other.send(`${root}/end`, 'end', kept);
      const one = await peer(t, { protocolVersion });
      await one.listen(topic);
      await one.listen(`${root}/end`);
      assert.deepEqual(await one.until('end'), []);
    }
  },

  async 'retain handling and retain as published'(t, root) {
    const [one, other] = [await peer(t), await peer(t)];
    await other.send(`${root}/a`, 'kept', kept);
    const counted = async (rh) => {
      await one.listen(`${root}/a`, { qos: 1, rh, rap: true });
      await other.send(`${root}/a`, 'end');
      return (await one.until('end')).length;
    };
    assert.equal(await counted(2), 0);
    assert.equal(await counted(1), 0);
    assert.equal(await counted(0), 1);
    await one.client.unsubscribeAsync(`${root}/a`);
    assert.equal(await counted(1), 1);
    await other.send(`${root}/a`, 'live', kept);
    assert.equal((await one.message()).retain, true);
  },

  async 'one mebibyte'(t, root) {
    const payload = pattern(MIB);
    const [one, other] = [await peer(t), await peer(t)];
    await other.send(`${root}/a`, payload, kept);
    await one.listen(`${root}/a`);
    assert.ok((await one.message()).payload.equals(payload), 'the payload was changed');
    await other.send(`${root}/a`, '', kept);
  },

  async 'a will is sent when the connection is lost'(t, root) {
    const watcher = await peer(t);
    await watcher.listen(`${root}/will`);
    for (const protocolVersion of [5, 4]) {
      for (const qos of [0, 1, 2]) {
        const will = { topic: `${root}/will`, payload: Buffer.from('gone'), qos, retain: false };
        (await peer(t, { protocolVersion, will })).die();
        const got = await watcher.message();
        assert.deepEqual([got.text, got.qos, got.retain], ['gone', qos, false]);
      }
    }
  },

  async 'a will is not sent after DISCONNECT'(t, root) {
    const watcher = await peer(t);
    await watcher.listen(`${root}/#`);
    for (const protocolVersion of [5, 4]) {
      const will = { topic: `${root}/will`, payload: Buffer.from('gone'), qos: 1, retain: true };
      await (await peer(t, { protocolVersion, will })).leave();
      await watcher.send(`${root}/end`, 'end');
      assert.deepEqual(await watcher.until('end'), []);
    }
  },

  async 'a will has its properties and its delay'(t, root) {
    const watcher = await peer(t);
    await watcher.listen(`${root}/#`);
    const userProperties = { b: ['1', '3'], a: '2' };
    const one = await peer(t, {
      clientId: root, clean: false, properties: { sessionExpiryInterval: 1000 },
      will: {
        topic: `${root}/will`, payload: Buffer.from('gone'), qos: 1, retain: false,
        properties: {
          willDelayInterval: 1, contentType: 'text', correlationData: Buffer.from([0, 1]),
          responseTopic: 'answers', payloadFormatIndicator: true, userProperties,
        },
      },
    });
    one.die();
    const { properties } = await watcher.message();
    assert.deepEqual(
      [properties.contentType, [...properties.correlationData], properties.responseTopic,
        properties.payloadFormatIndicator, { ...properties.userProperties }],
      ['text', [0, 1], 'answers', true, userProperties]);
  },
});
