// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

import { area, assert, keep, numbers, peer, unique } from './peer.mjs';

area('sessions', {
  async 'a persistent session keeps what it missed'(t, root) {
    for (const version of [5, 4]) {
      for (const qos of [1, 2]) {
        const topic = `${root}/${version}/${qos}`;
        const id = unique();
        const one = await peer(t, keep(version, id));
        assert.equal(one.connack.sessionPresent, false);
        await one.listen(topic, { qos });
        await one.leave();
        const other = await peer(t, { protocolVersion: version });
        const missed = numbers(200).map(String);
        await Promise.all(missed.map((text) => other.send(topic, text, { qos })));
        const back = await peer(t, keep(version, id));
        assert.equal(back.connack.sessionPresent, true);
        assert.deepEqual(await back.texts(200), missed);
      }
    }
  },

  async 'a clean start forgets'(t, root) {
    for (const version of [5, 4]) {
      const id = unique();
      const one = await peer(t, keep(version, id));
      await one.listen(`${root}/a`);
      await one.leave();
      const clean = await peer(t, { protocolVersion: version, clientId: id, clean: true });
      assert.equal(clean.connack.sessionPresent, false);
      await clean.send(`${root}/a`, 'not subscribed');
      await clean.listen(`${root}/b`);
      await clean.send(`${root}/b`, 'end');
      assert.deepEqual(await clean.until('end'), []);
    }
  },

  async 'a publisher that loses its connection sends each message once'(t, root) {
    for (const version of [5, 4]) {
      const one = await peer(t);
      await one.listen(`${root}/${version}`);
      const other = await peer(t, keep(version, unique()));
      const sent = [];
      for (let i = 0; i < 300; i++) {
        sent.push(other.send(`${root}/${version}`, `${i}`, { qos: 2 }));
        if (i % 75 === 30) {
          await other.cut();
          assert.equal(other.connack.sessionPresent, true);
        }
      }
      await Promise.all(sent);
      await other.send(`${root}/${version}`, 'end', { qos: 2 });
      const got = (await one.until('end')).map((m) => Number(m.text)).sort((a, b) => a - b);
      assert.deepEqual(got, numbers(300));
    }
  },

  async 'a subscriber that loses its connection misses nothing'(t, root) {
    for (const version of [5, 4]) {
      for (const qos of [1, 2]) {
        const topic = `${root}/${version}/${qos}`;
        const one = await peer(t, keep(version, unique()));
        await one.listen(topic, { qos });
        const other = await peer(t);
        const sent = [];
        for (let i = 0; i < 200; i++) {
          sent.push(other.send(topic, `${i}`, { qos }));
          if (i % 50 === 25) {
            await one.cut();
            assert.equal(one.connack.sessionPresent, true);
          }
        }
        await Promise.all(sent);
        await other.send(topic, 'end', { qos });
        const got = (await one.until('end')).map((m) => Number(m.text)).sort((a, b) => a - b);
        assert.deepEqual([...new Set(got)], numbers(200));
        if (qos === 2) assert.equal(got.length, 200);
      }
    }
  },

  async 'the later client wins'(t, root) {
    for (const version of [5, 4]) {
      const id = unique();
      const first = await peer(t, { ...keep(version, id), reconnectPeriod: 0 });
      await first.listen(`${root}/a`);
      const second = await peer(t, keep(version, id));
      assert.equal(second.connack.sessionPresent, true);
      if (version === 5) assert.equal(await first.disconnects.take('DISCONNECT'), 0x8e);
      await first.closes.take('close');
      await second.send(`${root}/a`, 'mine now');
      assert.deepEqual(await second.texts(1), ['mine now']);
      assert.equal(first.messages.size, 0);
      await second.leave();
    }
  },

  async 'each message goes to one of a group'(t, root) {
    for (const protocolVersion of [5, 4]) {
      for (const qos of [0, 1, 2]) {
        const topic = `${root}/${protocolVersion}/${qos}`;
        const members = [];
        for (let i = 0; i < 3; i++) {
          members.push(await peer(t, { protocolVersion }));
          await members[i].listen([`$share/${root}/${topic}`, `${topic}/end`]);
        }
        const other = await peer(t);
        await Promise.all(numbers(60).map((i) => other.send(topic, `${i}`, { qos })));
        await other.send(`${topic}/end`, 'end', { qos });
        const got = [];
        for (const one of members) {
          const mine = (await one.until('end')).map((m) => Number(m.text));
          assert.ok(mine.length > 0, 'a member got nothing');
          got.push(...mine);
        }
        assert.deepEqual(got.sort((a, b) => a - b), numbers(60));
      }
    }
  },
});
