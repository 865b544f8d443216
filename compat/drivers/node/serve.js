'use strict';
// The loop that both drivers share: one JSON command a line in, one JSON result a line out.
const readline = require('readline');

// A callback of an SDK may throw outside of its promise: that ends a real
// integrator's process; here it is the result of the command that is running.
let running = null;
process.on('uncaughtException', (error) => { if (running) running(crash(error)); });

function crash(error) {
  return { outcome: 'crash', error_class: error?.constructor?.name ?? typeof error, message: String(error?.message ?? error) };
}

module.exports.crash = crash;

module.exports.serve = async function serve(answer) {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const result = await new Promise((resolve) => {
      running = resolve;
      answer(JSON.parse(line)).then(resolve, (error) => resolve(crash(error)));
    });
    running = null;
    process.stdout.write(`${JSON.stringify(result)}\n`);
  }
};
