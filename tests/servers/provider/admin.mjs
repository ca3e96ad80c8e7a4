// What a person would do in a browser, as plain POST requests with JSON; and what tests want to set.
import { execFileSync } from 'node:child_process';
import { habitsOf } from './clients.mjs';
import { RESOURCE, personOf } from './settings.mjs';
import { endSignInsOf } from './storage.mjs';

async function deviceCode(provider, userCode) {
  const code = await provider.DeviceCode.findByUserCode(String(userCode).replace(/[^A-Za-z]/g, '').toUpperCase(), { ignoreExpiration: true });
  if (!code) throw new Error(`no such code: ${userCode}`);
  return code;
}

// Consents to everything that is asked for, as `user`.
export async function consent(provider, clientId, user, scope) {
  const grant = new provider.Grant({ accountId: user, clientId });
  const scopes = scope.split(' ');
  const mail = scopes.filter((name) => name.startsWith(`${RESOURCE}/`));
  const rest = scopes.filter((name) => !mail.includes(name));
  if (rest.length) grant.addOIDCScope(rest.join(' '));
  if (mail.length) grant.addResourceScope(RESOURCE, mail.join(' '));
  return { grantId: await grant.save(), resource: mail.length ? RESOURCE : undefined };
}

const actions = {
  // { user_code, user }: signs `user` in on the device that shows `user_code`.
  async approve(provider, { user_code: userCode, user }) {
    if (!personOf(user)) throw new Error(`nobody is called ${user}`);
    const code = await deviceCode(provider, userCode);
    const { grantId, resource } = await consent(provider, code.clientId, user, code.params.scope);
    Object.assign(code, {
      accountId: user, grantId, scope: code.params.scope, resource, authTime: Math.floor(Date.now() / 1000),
    });
    await code.save();
  },
  // { user_code }: the person presses no.
  async deny(provider, { user_code: userCode }) {
    const code = await deviceCode(provider, userCode);
    Object.assign(code, { error: 'access_denied', errorDescription: 'The user declined.' });
    await code.save();
  },
  // { user }: ends all sign-ins of that person, as an administrator can.
  async revoke(_provider, { user }) { endSignInsOf(user); },
  // { user }: the mail server ends all connections of that mailbox.
  async kick(_provider, { user }) { execFileSync('doveadm', ['-c', process.env.LAB_DOVECOT, 'kick', user]); },
  // { client_id, interval?, codeLife?, tokenLife?, rotate? }: see clients.mjs.
  async client(_provider, { client_id: id, ...habits }) { Object.assign(habitsOf(id), habits); },
  // { client_id, times, status, headers?, body? } or { client_id, times, isLost: true }.
  async fault(_provider, { client_id: id, times = 1, ...answer }) {
    for (let n = 0; n < times; n += 1) habitsOf(id).faults.push(answer);
  },
};

const PAGE = `<!doctype html><title>Sign in</title><h1>Sign in to the test lab</h1>
<form method="post" action="/device"><p>Code <input name="user_code" autofocus> as <input name="user" value="alice@contoso.test">
<p><button name="action" value="approve">Yes, it is me</button> <button name="action" value="deny">No</button></form>`;

export async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString('utf8');
  return request.headers['content-type']?.includes('json') ? JSON.parse(text) : Object.fromEntries(new URLSearchParams(text));
}

// Answers the request if it is one of these; tells whether it was.
export async function serveAdmin(provider, request, response) {
  const { pathname } = new URL(request.url, 'https://localhost');
  if (pathname === '/device' && request.method === 'GET') {
    response.setHeader('content-type', 'text/html; charset=utf-8').end(PAGE);
    return true;
  }
  if (pathname !== '/device' && !pathname.startsWith('/admin/')) return false;
  try {
    const body = request.method === 'POST' ? await bodyOf(request) : {};
    const name = pathname === '/device' ? body.action : pathname.slice('/admin/'.length);
    if (name !== 'health') await actions[name](provider, body);
    response.setHeader('content-type', 'application/json').end('{"ok":true}\n');
  } catch (error) {
    response.writeHead(400, { 'content-type': 'application/json' }).end(`${JSON.stringify({ error: error.message })}\n`);
  }
  return true;
}
