// Everything the provider keeps, in memory, for one run of the lab; and the rule which clients exist.
const entries = new Map(); // "Model:id" -> { payload, ends }
const now = () => Date.now() / 1000;

// Clients need no registration: every id beginning with "lab" is a public native client, so that each
// test can have one of its own. The mail server alone may introspect tokens.
function clientOf(id, secret) {
  if (id === 'mail-server') {
    return {
      client_id: id, client_secret: secret, redirect_uris: [], response_types: [],
      grant_types: [], token_endpoint_auth_method: 'client_secret_post',
    };
  }
  if (!/^lab[a-z0-9-]*$/.test(id)) return undefined;
  return {
    client_id: id, application_type: 'native', token_endpoint_auth_method: 'none',
    redirect_uris: ['http://localhost/', 'http://127.0.0.1/'], response_types: ['code'],
    grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token', 'authorization_code'],
  };
}

export function storageFor(secret) {
  return class Storage {
    constructor(model) { this.model = model; }
    key(id) { return `${this.model}:${id}`; }

    async find(id) {
      if (this.model === 'Client') return clientOf(id, secret);
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
