// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

// All areas in one process; the names given as arguments alone, if any.

import process from 'node:process';

const areas = ['messages', 'retained', 'sessions', 'properties', 'websockets'];
const wanted = process.argv.slice(2);

for (const area of areas.filter((name) => wanted.length === 0 || wanted.includes(name))) {
  await import(`./${area}.mjs`);
}
