// The configuration of oidc-provider: Entra's paths, scopes of one mail resource, opaque tokens.
import { generateKeyPairSync } from 'node:crypto';
import { habitsOf } from './clients.mjs';
import { storageFor } from './storage.mjs';

const RESOURCE = 'https://outlook.office.com';
// What an app asks for that acts without a person; Entra knows the resource by this name, too.
const APP_RESOURCE = 'https://outlook.office365.com';
const APP_SCOPE = `${APP_RESOURCE}/.default`;
const ROLES = ['IMAP.AccessAsApp', 'POP.AccessAsApp', 'SMTP.SendAsApp'];
const SCOPES = ['IMAP.AccessAsUser.All', 'POP.AccessAsUser.All', 'SMTP.Send'].map((name) => `${RESOURCE}/${name}`);

// Everybody of these two domains can sign in; the display name is made from the address.
export function personOf(address) {
  if (!/^[a-z0-9.-]+@(contoso|password)\.test$/.test(address)) return undefined;
  const words = address.split('@')[0].split('.').map((word) => word[0].toUpperCase() + word.slice(1));
  return { email: address, preferred_username: address, name: words.join(' ') };
}

function clientIdOf(context) {
  return context?.oidc?.client?.clientId ?? 'lab';
}

function resourceOf(scope = '') {
  return [RESOURCE, APP_RESOURCE].find((name) => scope.includes(`${name}/`));
}

export function settings(secret, folder) {
  const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });
  return {
    adapter: storageFor(secret, folder),
    jwks: { keys: [{ ...key, use: 'sig', alg: 'RS256', kid: 'lab' }] },
    cookies: { keys: [secret] },
    scopes: ['openid', 'offline_access', 'profile', 'email'],
    claims: { openid: ['sub'], profile: ['name', 'preferred_username'], email: ['email'] },
    conformIdTokenClaims: false, // people's names belong into the id_token, as at Entra
    clientBasedCORS: () => false,
    pkce: { required: (_context, client) => client.clientAuthMethod === 'none' },
    issueRefreshToken: async (_context, client, code) => client.grantTypeAllowed('refresh_token') && code.scopes.has('offline_access'),
    rotateRefreshToken: (context) => habitsOf(clientIdOf(context)).rotate,
    findAccount: async (_context, id) => {
      const person = personOf(id);
      return person && { accountId: id, claims: async () => ({ sub: id, ...person }) };
    },
    // Dovecot compares this with the user that wants in.
    extraTokenClaims: (_context, token) => {
      if (token.accountId) return { username: token.accountId };
      return { username: `app:${token.clientId}`, roles: token.clientId.endsWith('-norole') ? [] : ROLES };
    },
    ttl: {
      AccessToken: (context) => habitsOf(clientIdOf(context)).tokenLife,
      ClientCredentials: (context) => habitsOf(clientIdOf(context)).tokenLife,
      DeviceCode: (context) => habitsOf(clientIdOf(context)).codeLife,
      IdToken: 3600, Grant: 86400, RefreshToken: 86400, Session: 3600, Interaction: 3600,
    },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      deviceFlow: { enabled: true, charset: 'base-20', mask: '****-****' },
      introspection: { enabled: true, allowedPolicy: (_context, client) => client.clientId === 'mail-server' },
      revocation: { enabled: true },
      userinfo: { enabled: false },
      resourceIndicators: {
        enabled: true,
        // Entra derives the resource from the scope's prefix and never sees a `resource` parameter.
        defaultResource: (context) => resourceOf(context.oidc.params?.scope),
        useGrantedResource: () => true,
        getResourceServerInfo: (context, resource) => ({
          scope: resource === APP_RESOURCE ? APP_SCOPE : SCOPES.join(' '), accessTokenFormat: 'opaque', accessTokenTTL: habitsOf(clientIdOf(context)).tokenLife,
        }),
      },
    },
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    routes: {
      authorization: '/oauth2/v2.0/authorize', token: '/oauth2/v2.0/token', device_authorization: '/oauth2/v2.0/devicecode',
      code_verification: '/device', jwks: '/discovery/v2.0/keys', introspection: '/oauth2/v2.0/introspect',
      revocation: '/oauth2/v2.0/revoke', end_session: '/oauth2/v2.0/logout',
    },
  };
}

export { APP_SCOPE, RESOURCE, SCOPES };
