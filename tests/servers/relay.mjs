// A server in front of the real ones that misbehaves, one fault a port.
// Usage: node relay.mjs CERTIFICATES IMAPS_PORT SMTPS_PORT FAULT=PORT…
import { readFileSync } from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';

const [folder, imaps, smtps, ...faults] = process.argv.slice(2);
const ca = readFileSync(`${folder}/ca.pem`);
const keyPair = (name) => ({ cert: readFileSync(`${folder}/${name}.pem`), key: readFileSync(`${folder}/${name}.key`) });

// Ends TLS with the certificate `name` and passes everything on; `watch(client, server)` may interfere.
function relay(name, target, watch = () => {}) {
  return tls.createServer(keyPair(name), (client) => {
    const server = tls.connect({ host: '127.0.0.1', port: Number(target), ca, servername: 'localhost' });
    const end = () => { client.destroy(); server.destroy(); };
    for (const socket of [client, server]) socket.on('error', end).on('close', end);
    if (!watch(client, server)) {
      client.pipe(server);
      server.pipe(client);
    }
  });
}

// Passes the mail on and swallows the answer to its end: sent or not, the client cannot know.
function loseTheReceipt(client, server) {
  let tail = '';
  let isEnded = false;
  client.on('data', (chunk) => {
    tail = (tail + chunk.toString('latin1')).slice(-8);
    isEnded ||= tail.includes('\r\n.\r\n');
    server.write(chunk);
  });
  server.on('data', (chunk) => { if (isEnded) client.destroy(); else client.write(chunk); });
  return true;
}

// Lets 20,000 bytes of the server's through and then closes, mostly in the middle of a body.
function cutInTheMiddle(client, server) {
  let left = 20000;
  client.pipe(server);
  server.on('data', (chunk) => {
    client.write(chunk.subarray(0, left));
    left -= chunk.length;
    if (left <= 0) client.end();
  });
  return true;
}

// Exchange's answer to a good token without rights: OK, and then BAD to everything (protocol facts of Exchange Online).
function notConnected(client, server) {
  let isIn = false;
  client.on('data', (chunk) => {
    const tag = chunk.toString('latin1').split(' ')[0];
    if (isIn) client.write(`${tag} BAD User is authenticated but not connected.\r\n`);
    else server.write(chunk);
  });
  server.on('data', (chunk) => {
    isIn ||= /^\S+ OK .*Logged in/m.test(chunk.toString('latin1'));
    client.write(isIn ? chunk.toString('latin1').replace(/ OK [^\r\n]*/, ' OK AUTHENTICATE completed.') : chunk);
  });
  return true;
}

const kinds = {
  'expired': () => relay('expired', imaps),
  'not-yet-valid': () => relay('not-yet-valid', imaps),
  'wrong-name': () => relay('wrong-name', imaps),
  'unknown-ca': () => relay('unknown-ca', imaps),
  'cut': () => relay('good', imaps, cutInTheMiddle),
  'not-connected': () => relay('good', imaps, notConnected),
  'lost-receipt': () => relay('good', smtps, loseTheReceipt),
  'silent': () => net.createServer((client) => client.on('error', () => {})),
};

for (const fault of faults) {
  const [kind, port] = fault.split('=');
  kinds[kind]().on('tlsClientError', () => {}).listen(Number(port), '127.0.0.1');
}
console.log('listening');
process.on('SIGTERM', () => process.exit(0));
