// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

// An MQTT.js client whose events are awaited.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import process from 'node:process';
import { setTimeout, clearTimeout } from 'node:timers';
import { describe, it } from 'node:test';
import mqtt from 'mqtt';

// Bounds what must happen; a test goes on as soon as it has happened.
const DEADLINE = 30_000;
export const MIB = 1 << 20;
export const ports = JSON.parse(process.env.FAIRLEAD_PORTS);

let count = 0;
const salt = randomBytes(5).toString('hex');
export const unique = (prefix = 'j') => `${prefix}${salt}${count++}`;

/** Tests of one area, several at a time. */
export function area(name, tests) {
  describe(name, { concurrency: 8 }, () => {
    for (const [title, test] of Object.entries(tests)) {
      it(title, { timeout: 3 * DEADLINE }, (t) => test(t, unique('t')));
    }
  });
}

export class Inbox {
  #items = [];
  #waiting = [];

  put(item) {
    const next = this.#waiting.shift();
    if (next) next(item);
    else this.#items.push(item);
  }

  take(what = 'message') {
    if (this.#items.length > 0) return Promise.resolve(this.#items.shift());
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no ${what} in time`)), DEADLINE);
      this.#waiting.push((item) => {
        clearTimeout(timer);
        resolve(item);
      });
    });
  }

  get size() {
    return this.#items.length;
  }
}

export class Peer {
  messages = new Inbox();
  connects = new Inbox();
  disconnects = new Inbox();
  closes = new Inbox();

  constructor(options, port) {
    this.client = mqtt.connect({
      host: '127.0.0.1', port, protocolVersion: 5, reconnectPeriod: 5, connectTimeout: DEADLINE,
      resubscribe: false, ...options,
    });
    this.client.on('message', (topic, payload, packet) => {
      this.messages.put({ topic, payload, text: payload.toString(), ...pick(packet) });
    });
    this.client.on('connect', (connack) => this.connects.put(connack));
    this.client.on('disconnect', (packet) => this.disconnects.put(packet.reasonCode));
    this.client.on('close', () => this.closes.put(true));
    this.client.on('error', (error) => this.connects.put(error));
  }

  async connected() {
    const answer = await this.connects.take('CONNACK');
    if (answer instanceof Error) throw answer;
    this.connack = answer;
    return answer;
  }

  /** Subscribes to filters, or to an object of filters with their options; granted codes. */
  async listen(filters, options = { qos: 2 }) {
    const granted = await this.client.subscribeAsync(filters, options);
    return granted.map((one) => one.qos);
  }

  send(topic, payload = '', options = { qos: 1 }) {
    return this.client.publishAsync(topic, payload, options);
  }

  message() {
    return this.messages.take();
  }

  async texts(number) {
    const got = [];
    while (got.length < number) got.push((await this.message()).text);
    return got;
  }

  /** The messages before the one with this payload. */
  async until(text) {
    const got = [];
    for (;;) {
      const one = await this.message();
      if (one.text === text) return got;
      got.push(one);
    }
  }

  /** Loses the connection as a network would; the client comes back by itself. */
  async cut() {
    this.client.stream.destroy();
    await this.connected();
  }

  /** Ends without DISCONNECT. */
  die() {
    this.client.options.reconnectPeriod = 0;
    this.client.stream.destroy();
  }

  async leave(options) {
    await this.client.endAsync(false, options);
  }
}

function pick({ qos, retain, dup, properties }) {
  return { qos, retain, dup, properties: properties ?? {} };
}

export async function peer(t, options = {}, port = ports.mqtt) {
  const one = new Peer(options, port);
  t.after(() => one.client.end(true));
  await one.connected();
  return one;
}

/** Options of a client whose session is to stay. */
export function keep(version, clientId, seconds = 1000) {
  const common = { protocolVersion: version, clientId, clean: false };
  return version === 5
    ? { ...common, properties: { sessionExpiryInterval: seconds } } : common;
}

/** Bytes of which every range differs. */
export function pattern(size) {
  const out = Buffer.alloc(size);
  for (let i = 0; i + 4 <= size; i += 4) out.writeUInt32BE(Math.imul(i, 2654435761) >>> 0, i);
  return out;
}

export const numbers = (length) => Array.from({ length }, (_, i) => i);
export { assert, mqtt };
