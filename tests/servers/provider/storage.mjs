// Everything the provider keeps, in memory, for one run of the lab; and the rule which clients exist.
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';

const entries = new Map(); // "Model:id" -> { payload, ends }
const now = () => Date.now() / 1000;

const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
const LOOPBACK = ['http://localhost', 'http://127.0.0.1', 'http://localhost/', 'http://127.0.0.1/', 'http://localhost/callback', 'http://127.0.0.1/callback'];

// Clients need no registration, so that each test can have one of its own: an id beginning with "lab" is a public
// native client, "web-" one with a secret; "app-" and "cert-" act without a person, with a secret or a certificate.
// The mail server alone may introspect tokens.
function clientOf(id, secret, credentials) {
  if (id === 'mail-server') {
    return {
      client_id: id, client_secret: secret, redirect_uris: [], response_types: [],
      grant_types: [], token_endpoint_auth_method: 'client_secret_post',
    };
  }
  const kind = /^(lab|web-|app-|cert-)[a-z0-9-]*$/.exec(id)?.[1];
  const person = {
    client_id: id, application_type: 'native', response_types: ['code'],
    grant_types: [DEVICE_GRANT, 'refresh_token', 'authorization_code'],
  };
  const machine = { client_id: id, redirect_uris: [], response_types: [], grant_types: ['client_credentials'] };
  const withSecret = { client_secret: credentials.secret, token_endpoint_auth_method: 'client_secret_post' };
  switch (kind) {
    case 'lab': return { ...person, token_endpoint_auth_method: 'none', redirect_uris: LOOPBACK };
    case 'web-': return { ...person, ...withSecret, redirect_uris: [...LOOPBACK, 'https://pillarbox.contoso.test/callback'] };
    case 'app-': return { ...machine, ...withSecret };
    case 'cert-': return { ...machine, token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [credentials.key] } };
    default: return undefined;
  }
}

// Tells whether there is such a client.
export const isClient = (id) => clientOf(id ?? '', '', {}) !== undefined;

export function storageFor(secret, folder) {
  const certificate = new X509Certificate(readFileSync(`${folder}/app.pem`));
  const credentials = {
    secret: readFileSync(`${folder}/app.secret`, 'utf8'),
    // Neither `kid` nor `alg`: clients name the key by the certificate's thumbprint, and choose the algorithm.
    key: certificate.publicKey.export({ format: 'jwk' }),
  };
  return class Storage {
    constructor(model) { this.model = model; }
    key(id) { return `${this.model}:${id}`; }

    async find(id) {
      if (this.model === 'Client') return clientOf(id, secret, credentials);
      const entry = entries.get(this.key(id));
      if (entry && entry.ends < now()) entries.delete(this.key(id));
      return entry?.payload;
    }

    // Ended entries are kept a minute longer, so that "expired" and "unknown" stay two different answers.
    async upsert(id, payload, expiresIn) {
      entries.set(this.key(id), { payload, ends: expiresIn ? now() + Math.max(expiresIn, 0) + 60 : Infinity });
    }

    async findBy(field, value) {
      const found = [...entries].find(([key, entry]) => key.startsWith(`${this.model}:`) && entry.payload[field] === value);
      return found?.[1].payload;
    }

    async findByUserCode(code) { return this.findBy('userCode', code); }
    async findByUid(uid) { return this.findBy('uid', uid); }
    async consume(id) { const entry = entries.get(this.key(id)); if (entry) entry.payload.consumed = Math.floor(now()); }
    async destroy(id) { entries.delete(this.key(id)); }

    async revokeByGrantId(grantId) {
      for (const [key, { payload }] of entries) if (payload.grantId === grantId) entries.delete(key);
    }
  };
}

// Ends every sign-in of one person: what an administrator's "revoke sessions" does.
export function endSignInsOf(user) {
  for (const [key, { payload }] of entries) if (payload.accountId === user) entries.delete(key);
}
