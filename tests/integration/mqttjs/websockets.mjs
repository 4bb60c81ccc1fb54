// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

import { MIB, area, assert, numbers, pattern, peer, ports } from './peer.mjs';

const over = (options = {}) => ({ protocol: 'ws', path: '/mqtt', ...options });

// PL-04, [MQTT-6.0.0-2], [MQTT-6.0.0-3], [MQTT-6.0.0-4]
area('websockets', {
  async 'each QoS and version'(t, root) {
    for (const protocolVersion of [5, 4]) {
      const one = await peer(t, over({ protocolVersion }), ports.ws);
      const other = await peer(t, over({ protocolVersion }), ports.ws);
      await one.listen(`${root}/${protocolVersion}`);
      for (const qos of [0, 1, 2]) await other.send(`${root}/${protocolVersion}`, `${qos}`, { qos });
      assert.deepEqual(await one.texts(3), ['0', '1', '2']);
    }
  },

  async 'MQTT 3.1 has a sub-protocol of its own'(t, root) {
    const old = { protocolVersion: 3, protocolId: 'MQIsdp' };
    const one = await peer(t, over(old), ports.oldws);
    await one.listen(`${root}/a`);
    await one.send(`${root}/a`, 'x');
    assert.deepEqual(await one.texts(1), ['x']);
  },

  async 'with and without WebSocket'(t, root) {
    const one = await peer(t, over(), ports.ws);
    const other = await peer(t);
    await one.listen(`${root}/there`);
    await other.listen(`${root}/back`);
    const large = pattern(3 * MIB);
    await other.send(`${root}/there`, large);
    await one.send(`${root}/back`, large);
    assert.ok((await one.message()).payload.equals(large));
    assert.ok((await other.message()).payload.equals(large));
  },

  async 'many in flight keep their order'(t, root) {
    const [one, other] = [await peer(t, over(), ports.ws), await peer(t, over(), ports.ws)];
    await one.listen(`${root}/#`);
    for (const qos of [0, 1, 2]) {
      const wanted = numbers(1000).map(String);
      await Promise.all(wanted.map((text) => other.send(`${root}/${qos}`, text, { qos })));
      assert.deepEqual(await one.texts(1000), wanted);
    }
  },

  async 'a client that was cut off comes back'(t, root) {
    const one = await peer(t, over(), ports.ws);
    await one.cut();
    await one.listen(`${root}/a`);
    await one.send(`${root}/a`, 'x');
    assert.deepEqual(await one.texts(1), ['x']);
    await one.leave();
  },
});
