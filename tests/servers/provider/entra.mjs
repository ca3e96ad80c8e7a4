// Entra's habits around the provider's answers: interval and slow_down, its error names, its extra fields.
import { randomUUID } from 'node:crypto';
import { habitsOf } from './clients.mjs';
import { APP_SCOPE, SCOPES } from './settings.mjs';
import { isClient } from './storage.mjs';

const polls = new Map(); // device code -> { at, interval }
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
const CODES = {
  authorization_pending: 70016, authorization_declined: 70018, expired_token: 70020, bad_verification_code: 70000,
  slow_down: 50196, invalid_grant: 700082, unauthorized_client: 700016, invalid_client: 7000218, invalid_scope: 70011,
};

async function formOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString('utf8')));
}

function refuse(context, error, description) {
  context.status = 400;
  context.body = { error, error_description: description };
}

// People are asked to sign in and to consent each time, or the provider would withhold `offline_access`; whoever signs
// in, consents. Entra's `select_account` is not known there.
export function dressRequest(address) {
  const [path, query] = address.split('?');
  if (!path.endsWith('/oauth2/v2.0/authorize') || query === undefined) return address;
  const fields = new URLSearchParams(query);
  if (fields.get('prompt') !== 'none') fields.set('prompt', 'login consent');
  return `${path}?${fields}`;
}

// An app of its own asks for one resource's `.default`, and nothing else.
function wrongAppScope(form) {
  if (form.grant_type !== 'client_credentials' || form.scope === APP_SCOPE) return undefined;
  return `The provided value for scope ${form.scope} is not valid.`;
}

// A poll that comes early is refused, and from then on the code has to be polled 5 s less often (RFC 8628 §3.5).
function isTooEarly(form) {
  const poll = polls.get(form.device_code);
  if (!poll) return false;
  const isEarly = Date.now() - poll.at < poll.interval * 1000 - 100;
  poll.at = Date.now();
  if (isEarly) poll.interval += 5;
  return isEarly;
}

function afterDeviceCode(context, form, verificationUri) {
  const { body } = context;
  const { interval } = habitsOf(form.client_id);
  polls.set(body.device_code, { at: 0, interval });
  delete body.verification_uri_complete; // Entra has none
  Object.assign(body, {
    verification_uri: verificationUri, interval,
    message: `To sign in, open the page ${verificationUri} and enter the code ${body.user_code} to authenticate.`,
  });
}

function afterToken(context, form) {
  const { body } = context;
  if (body.access_token) {
    body.ext_expires_in = body.expires_in;
    body.scope = (body.scope ?? '').split(' ').filter((scope) => scope !== 'offline_access').join(' ');
    return;
  }
  if (form.grant_type !== DEVICE_GRANT) return;
  if (body.error === 'access_denied') body.error = 'authorization_declined';
  if (body.error === 'invalid_grant' && !polls.has(form.device_code)) body.error = 'bad_verification_code';
}

function codeOf(body, form) {
  if (body.error !== 'invalid_client') return CODES[body.error] ?? 90000;
  if (form.client_assertion) return 700027;
  return form.client_secret ? 7000215 : 7000218;
}

function dressError(body, form) {
  const code = codeOf(body, form);
  body.error_description = `AADSTS${code}: ${body.error_description ?? body.error}`;
  Object.assign(body, {
    error_codes: [code], timestamp: new Date().toISOString(), trace_id: randomUUID(), correlation_id: randomUUID(),
  });
}

// Entra answers unknown scopes with an error; the provider would drop them silently.
function unknownScope(form) {
  const known = new Set(['openid', 'offline_access', 'profile', 'email', ...SCOPES]);
  return (form.scope ?? '').split(' ').find((scope) => scope && !known.has(scope));
}

async function serve(context, next, form, verificationUri) {
  const fault = habitsOf(form.client_id).faults.shift();
  if (fault?.isLost) { // the work is done, the answer never arrives
    await next();
    context.req.socket.destroy();
    return;
  }
  if (fault) {
    context.status = fault.status;
    context.set(fault.headers ?? {});
    context.body = fault.body ?? '';
    return;
  }
  const isDevicecode = context.path.endsWith('/devicecode');
  const scope = isDevicecode ? unknownScope(form) : undefined;
  if (scope) refuse(context, 'invalid_scope', `The scope ${scope} is not valid.`);
  else if (wrongAppScope(form)) refuse(context, 'invalid_scope', wrongAppScope(form));
  else if (form.grant_type === DEVICE_GRANT && isTooEarly(form)) refuse(context, 'slow_down', 'Polled too often.');
  else await next();
  if (isDevicecode && context.body?.device_code) afterDeviceCode(context, form, verificationUri);
  if (!isDevicecode && context.body) afterToken(context, form);
  if (context.body?.error === 'invalid_client' && !isClient(form.client_id)) {
    refuse(context, 'unauthorized_client', `Application with identifier '${form.client_id}' was not found in the directory.`);
  }
  if (context.body?.error) dressError(context.body, form);
}

export function entraHabits(verificationUri) {
  return async (context, next) => {
    if (!/\/(token|devicecode)$/.test(context.path) || context.method !== 'POST') return next();
    const form = await formOf(context.req);
    context.req.body = form; // the stream is spent; the provider takes this instead
    return serve(context, next, form, verificationUri);
  };
}
